/// Softmax attention over tiles of queries and keys; the queries × keys matrix never exists.
///
/// out[i] = Σⱼ softmaxⱼ(scale · q[i]·k[j] + mask) · v[j], with the softmax kept online in float32
/// (running maximum and sum). Keys and values of one head are packed once, then any number of query
/// tiles read them.
/// - Source: Milakov & Gimelshein, arXiv:1805.02867; Dao et al., arXiv:2205.14135.
#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// Most queries in one call of `ck_attention_f32`: a multiple of every register tile's rows.
#define CK_ATTENTION_QUERIES 120

/// One head's problem, shared by all its query tiles.
typedef struct ck_attention_head {
    size_t keys;     ///< At least 1.
    size_t head_dim; ///< 1 to 512.
    float scale;     ///< Usually 1/√head_dim.
    bool causal;     ///< Query i sees keys 0…i (i counted from the first query of the sequence).
    const float *_Nullable key_bias; ///< [keys], added to every score; −INFINITY hides a key. A
                                     ///< query that sees no key at all gives zeros.
} ck_attention_head;

/// Floats that the packed keys, the packed values, and the scratch of one call need.
size_t ck_attention_packed_keys(size_t keys, size_t head_dim);
size_t ck_attention_packed_values(size_t keys, size_t head_dim);
size_t ck_attention_scratch(size_t head_dim);

/// Packs k [keys, head_dim] and v [keys, head_dim] (row strides in elements) of one head.
/// Packed buffers are 64-byte aligned. Padding is zeroed.
void ck_attention_pack(size_t keys, size_t head_dim, const float *k, size_t ldk, const float *v,
                       size_t ldv, float *packed_keys, float *packed_values);

/// One tile of `queries` (1 to CK_ATTENTION_QUERIES) rows of q [queries, head_dim] → out.
/// `first_query` is the tile's place in the sequence (only the causal mask asks). `scratch` is
/// 64-byte aligned and private to the caller; `out` may be `q`. Error against exact arithmetic:
/// within 2⁻²³ · max|v| · (8 + 4 · max Σ|q·k| · scale). A row's result does not depend on its tile.
void ck_attention_f32(ck_attention_head head, size_t first_query, size_t queries, const float *q,
                      size_t ldq, const float *packed_keys, const float *packed_values, float *out,
                      size_t ldo, float *scratch);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
