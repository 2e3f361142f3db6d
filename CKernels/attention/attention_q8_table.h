/// The three steps of attention in integers over one block of keys; `attention_q8.c` drives them.
///
/// Everything is transposed: a vector's lanes are queries, and keys and values come one number for
/// all lanes. So scores need no sums across lanes, and a softmax is a lane's own affair. Tiles of
/// fewer queries are filled up with zeros.
#ifndef CK_ATTENTION_Q8_TABLE_H
#define CK_ATTENTION_Q8_TABLE_H

#include "../isa/isa.h"

#include "attention_q8.h"

#define CK_ATTENTION_Q8_GROUP 4    ///< Consecutive channels or keys that one product sums.
#define CK_ATTENTION_Q8_KEYS 8     ///< Keys are filled up to a multiple of it.
#define CK_ATTENTION_Q8_CHANNELS 8 ///< Channels of values are.

/// One block of keys against one tile of queries: i < keys, r < CK_ATTENTION_Q8_QUERIES.
/// [r] stands for the tile's queries, of which all are computed.
typedef struct ck_attention_q8_block {
    size_t keys;             ///< 1 to CK_ATTENTION_Q8_BLOCK.
    size_t depth;            ///< head_dim rounded up to 4.
    size_t channels;         ///< head_dim rounded up to 8.
    int8_t *queries;         ///< [depth / 4][r][4]; 64-byte aligned.
    int32_t *offset;         ///< [r], −key_bias · Σ queries[r].
    float *scale;            ///< [r], of the scores in units of log₂.
    const uint8_t *key;      ///< [keys rounded up to 8][depth], biased; the last one repeats.
    const float *key_scale;  ///< [keys rounded up to 8].
    const uint8_t *value;    ///< [keys / 4, rounded up][channels][4], biased.
    float *scores;           ///< [keys rounded up to 8][r].
    uint8_t *weights;        ///< [keys / 4, rounded up][r][4]; those behind the last key are 0.
    int32_t *weight_sum;     ///< [r], of this block's weights; for kernels that bias values.
    float *block_maximum;    ///< [r], of this block's scores.
    float *maximum, *sum;    ///< [r], running.
    float *rescale, *factor; ///< [r], what the accumulators and this block's sums are scaled by.
    float *accumulators;     ///< [channels][r].
} ck_attention_q8_block;

typedef struct ck_attention_q8_table {
    /// scores[i][r] = (Σ key[i] · queries[r]) · key_scale[i] · scale[r], each product rounded;
    /// block_maximum[r] = maxᵢ scores[i][r].
    void (*scores)(const ck_attention_q8_block *block);
    /// weights[i][r] = round(255 · 2^(scores[i][r] − block_maximum[r]));
    /// m = max(maximum[r], block_maximum[r]); rescale[r] = 2^(maximum[r] − m);
    /// factor[r] = 2^(block_maximum[r] − m); maximum[r] = m;
    /// sum[r] = sum[r] · rescale[r] + factor[r] · Σᵢ weights[i][r].
    void (*softmax)(const ck_attention_q8_block *block);
    /// accumulators[c][r] = accumulators[c][r] · rescale[r] + factor[r] · Σᵢ weights[i][r] ·
    /// value[i][c].
    void (*accumulate)(const ck_attention_q8_block *block);
    /// What is added to keys and to values, 0 or 128, where products take bytes of that sign.
    uint8_t key_bias, value_bias;
    bool is_preferred;
} ck_attention_q8_table;

void ck_fill_attention_q8(ck_attention_q8_table *table, ck_isa isa);

/// Called by `ck_fill_attention_q8`, one a rung.
void ck_fill_attention_q8__reference(ck_attention_q8_table *table);
void ck_fill_attention_q8__avx_vnni(ck_attention_q8_table *table);
void ck_fill_attention_q8__avx512_vnni_256(ck_attention_q8_table *table);
void ck_fill_attention_q8__avx512_vnni(ck_attention_q8_table *table);
void ck_fill_attention_q8__neon_dotprod(ck_attention_q8_table *table);

#endif
