/// Softmax attention in integers: queries, keys, values and weights of 8 or of 12 bits, the rest
/// float32.
///
/// The same mathematics as attention.h without masks, a tile of queries after the other. Per head:
///
/// - keys lose their mean over all keys, which moves all scores of a query alike: the softmax does
///   not notice, and what is left is smaller. Then each key has a scale, as has each query:
///   x = q · scale with |q| ≤ L, 127 or 2047 (see quantize.h);
/// - values have a scale for each channel;
/// - weights are rounded to multiples of 1/W of the largest in their block of
///   CK_ATTENTION_INT_BLOCK keys, w = round(W · 2^(score − block's largest)), W = 255 or 2047. The
///   sum that divides the result is taken of the rounded weights.
///
/// Products sum exactly in int32. Scores and blocks' sums are float32.
/// - Source: Zhang et al., arXiv:2410.02367 (keys without their mean); online softmax as in
/// attention.h.
#ifndef CK_ATTENTION_INT_H
#define CK_ATTENTION_INT_H

#include "../isa/isa.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_ATTENTION_INT_QUERIES 48 ///< Most queries in one call of `ck_attention_int`.
#define CK_ATTENTION_INT_BLOCK 128  ///< Keys whose weights are relative to one maximum.

/// One head's problem, shared by all its query tiles.
typedef struct ck_attention_int_head {
    size_t keys;             ///< At least 1.
    size_t head_dim;         ///< 1 to 512.
    float scale;             ///< Usually 1/√head_dim.
    ck_activation precision; ///< Of all operands: 12 bits in int16, or 8.
} ck_attention_int_head;

/// True where the selected rung's kernels of this precision are faster than those of attention.h.
bool ck_attention_int_is_preferred(ck_activation precision);

/// Bytes that a packed head, and the scratch of one call need: multiples of 64, the same on every
/// rung.
size_t ck_attention_int_packed_bytes(ck_attention_int_head head);
size_t ck_attention_int_scratch_bytes(ck_attention_int_head head);

/// Packs k [keys, head_dim] and v [keys, head_dim] (row strides in elements) of one head into
/// `packed`, 64-byte aligned. The rung that packs must be the one that reads.
void ck_attention_int_pack(ck_attention_int_head head, const float *k, size_t ldk, const float *v,
                           size_t ldv, void *packed);

/// One tile of `queries` (1 to CK_ATTENTION_INT_QUERIES) rows of q [queries, head_dim] → out.
/// `scratch` is 64-byte aligned and private to the caller; `out` may be `q`. Against exact
/// arithmetic on the rounded operands, with scores s in units of log₂: a weight may round the other
/// way where it is within 2⁻¹³ · W + 2⁻²⁰ · weight · max|s| of the middle of two integers; all else
/// is within 2⁻²¹ · max|v| · (4 + 2 · max|s|). A row's result does not depend on its tile.
void ck_attention_int(ck_attention_int_head head, size_t queries, const float *q, size_t ldq,
                      const void *packed, float *out, size_t ldo, void *scratch);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
