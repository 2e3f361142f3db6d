/// The three steps of attention over one block of keys; `attention.c` drives them.
///
/// Scores are in units of log₂: the driver multiplies the queries by scale · log₂e beforehand, so
/// that the softmax needs 2ˣ only. A score of −∞ hides its key. Every row is computed apart from
/// the others and every sum runs in the order of its index, so that a row does not depend on its
/// tile.
#ifndef CK_ATTENTION_TABLE_H
#define CK_ATTENTION_TABLE_H

#include "../isa/isa.h"

#define CK_ATTENTION_PANEL 16      ///< Keys in a panel of keys; columns in a panel of values.
#define CK_ATTENTION_KEY_BLOCK 128 ///< Most keys in a block, and the row stride of scores.

/// One block of keys against one tile of queries; r < rows, j < keys.
typedef struct ck_attention_block {
    size_t rows, keys, head_dim;
    const float *queries;     ///< [rows, head_dim], scaled.
    const float *keys_packed; ///< [⌈keys/16⌉][head_dim][16]; 64-byte aligned.
    const float *values;  ///< Column 16 p, key k of the head at p · value_stride + k · width(p).
    size_t value_stride;  ///< Floats between panels of values.
    size_t first_key;     ///< The head's key that is this block's key 0.
    float *scores;        ///< [rows][CK_ATTENTION_KEY_BLOCK]; 64-byte aligned.
    float *maximum, *sum; ///< [rows], running.
    float *rescale;       ///< [rows], what the maximum's rise asks of the accumulators.
    float *accumulators;  ///< [rows, accumulator_stride]; 64-byte aligned.
    size_t accumulator_stride; ///< head_dim rounded up to 16.
} ck_attention_block;

typedef struct ck_attention_table {
    /// scores[r][j] = Σ_d queries[r][d] · keys[j][d] for j < round_up(keys, 16).
    void (*scores)(const ck_attention_block *block);
    /// For j < round_up(keys, 16), all of which the driver has made valid or −∞:
    /// m = max(maximum[r], max_j scores[r][j]); rescale[r] = 2^(maximum[r] − m); maximum[r] = m;
    /// scores[r][j] = 2^(scores[r][j] − m); sum[r] = sum[r] · rescale[r] + Σ_j scores[r][j].
    void (*softmax)(const ck_attention_block *block);
    /// accumulators[r][c] = accumulators[r][c] · rescale[r] + Σ_j scores[r][j] · value[first_key +
    /// j][c].
    void (*accumulate)(const ck_attention_block *block);
} ck_attention_table;

/// Columns in panel `panel` of values: 16, but 8 in the last one where that is enough.
static inline size_t ck_attention_value_width(size_t head_dim, size_t panel) {
    return head_dim - panel * CK_ATTENTION_PANEL <= 8 ? 8 : CK_ATTENTION_PANEL;
}

void ck_fill_attention(ck_attention_table *table, ck_isa isa);

/// Called by `ck_fill_attention`, one a rung.
void ck_fill_attention__reference(ck_attention_table *table);
void ck_fill_attention__avx2(ck_attention_table *table);
void ck_fill_attention__avx512(ck_attention_table *table);
void ck_fill_attention__neon(ck_attention_table *table);

#endif
