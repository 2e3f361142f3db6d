/// The three steps of attention in integers over one block of keys; `attention_int.c` drives them.
///
/// Everything is transposed: a vector's lanes are queries, and keys and values come one number for
/// all lanes. So scores need no sums across lanes, and a softmax is a lane's own affair. Tiles of
/// fewer queries are filled up with zeros.
#ifndef CK_ATTENTION_INT_TABLE_H
#define CK_ATTENTION_INT_TABLE_H

#include "../isa/isa.h"

#include "attention_int.h"

#define CK_ATTENTION_INT_DEPTH 4 ///< The depth of scores is filled up to a multiple of it.
#define CK_ATTENTION_INT_WORD 4  ///< Bytes of consecutive channels or keys that one product sums.
#define CK_ATTENTION_INT_KEYS 8  ///< Keys are filled up to a multiple of it.
#define CK_ATTENTION_INT_CHANNELS 8 ///< Channels of values are.

/// One block of keys against one tile of queries: i < keys, r < CK_ATTENTION_INT_QUERIES.
/// [r] stands for the tile's queries, of which all are computed. Integers are of 8 or of 16 bits, a
/// group g is 4 or 2 of them.
typedef struct ck_attention_int_block {
    size_t keys;             ///< 1 to CK_ATTENTION_INT_BLOCK.
    ck_activation precision; ///< Of the integers.
    size_t depth;            ///< head_dim rounded up to 4.
    size_t channels;         ///< head_dim rounded up to 8.
    void *queries;           ///< [depth / g][r][g]; 64-byte aligned.
    int32_t *offset;         ///< [r], −key_bias · Σ queries[r].
    float *scale;            ///< [r], of the scores in units of log₂.
    const void *key;         ///< [keys rounded up to 8][depth], biased; the last one repeats.
    const float *key_scale;  ///< [keys rounded up to 8].
    const void *value;       ///< [keys / g, rounded up][channels][g], biased.
    float *scores;           ///< [keys rounded up to 8][r].
    void *weights;           ///< [keys / g, rounded up][r][g]; those behind the last key are 0.
    int32_t *weight_sum;     ///< [r], of this block's weights; for kernels that bias values.
    float *block_maximum;    ///< [r], of this block's scores.
    float *maximum, *sum;    ///< [r], running.
    float *rescale, *factor; ///< [r], what the accumulators and this block's sums are scaled by.
    float *accumulators;     ///< [channels][r].
} ck_attention_int_block;

/// What a precision rounds to.
static inline float ck_attention_int_most(ck_activation precision) {
    return precision == CK_ACTIVATION_Q8 ? 127 : 2047;
}

static inline float ck_attention_int_most_weight(ck_activation precision) {
    return precision == CK_ACTIVATION_Q8 ? 255 : 2047;
}

/// Bytes of an integer, and integers of a group.
static inline size_t ck_attention_int_bytes(ck_activation precision) {
    return precision == CK_ACTIVATION_Q8 ? sizeof(int8_t) : sizeof(int16_t);
}

static inline size_t ck_attention_int_group(ck_activation precision) {
    return CK_ATTENTION_INT_WORD / ck_attention_int_bytes(precision);
}

/// The kernels of a precision.
typedef struct ck_attention_int_kernels {
    /// scores[i][r] = (Σ key[i] · queries[r]) · key_scale[i] · scale[r], each product rounded;
    /// block_maximum[r] = maxᵢ scores[i][r].
    void (*scores)(const ck_attention_int_block *block);
    /// weights[i][r] = round(W · 2^(scores[i][r] − block_maximum[r]));
    /// m = max(maximum[r], block_maximum[r]); rescale[r] = 2^(maximum[r] − m);
    /// factor[r] = 2^(block_maximum[r] − m); maximum[r] = m;
    /// sum[r] = sum[r] · rescale[r] + factor[r] · Σᵢ weights[i][r].
    void (*softmax)(const ck_attention_int_block *block);
    /// accumulators[c][r] = accumulators[c][r] · rescale[r] + factor[r] · Σᵢ weights[i][r] ·
    /// value[i][c].
    void (*accumulate)(const ck_attention_int_block *block);
    /// What is added to keys and to values, 0 or 128, where products take bytes of that sign; 0 for
    /// 16 bits.
    uint8_t key_bias, value_bias;
    bool is_preferred;
} ck_attention_int_kernels;

typedef struct ck_attention_int_table {
    ck_attention_int_kernels q16, q8;
} ck_attention_int_table;

static inline const ck_attention_int_kernels *
ck_attention_int_kernels_of(const ck_attention_int_table *table, ck_activation precision) {
    return precision == CK_ACTIVATION_Q8 ? &table->q8 : &table->q16;
}

void ck_fill_attention_int(ck_attention_int_table *table, ck_isa isa);

/// Called by `ck_fill_attention_int`, one a rung.
void ck_fill_attention_int__reference(ck_attention_int_table *table);
void ck_fill_attention_int__avx2(ck_attention_int_table *table);
void ck_fill_attention_int__avx_vnni(ck_attention_int_table *table);
void ck_fill_attention_int__avx512_vnni_256(ck_attention_int_table *table);
void ck_fill_attention_int__avx512_vnni(ck_attention_int_table *table);
void ck_fill_attention_int__neon_dotprod(ck_attention_int_table *table);

#endif
