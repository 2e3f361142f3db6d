/// The plain versions.
#include "attention_int_table.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

enum { tile = CK_ATTENTION_INT_QUERIES, key_bias = 128 };

/// Where the number of a row and of a lane is among groups: rows of `lanes` groups.
static size_t place(const ck_attention_int_block *block, size_t row, size_t lane, size_t lanes) {
    const size_t group = ck_attention_int_group(block->precision);
    return (row / group * lanes + lane) * group + row % group;
}

static int32_t integer(const ck_attention_int_block *block, const void *integers, size_t index) {
    return block->precision == CK_ACTIVATION_Q8 ? ((const int8_t *)integers)[index]
                                                : ((const int16_t *)integers)[index];
}

/// Biased, where it is a byte.
static int32_t key(const ck_attention_int_block *block, size_t index) {
    return block->precision == CK_ACTIVATION_Q8 ? ((const uint8_t *)block->key)[index]
                                                : ((const int16_t *)block->key)[index];
}

static int32_t weight(const ck_attention_int_block *block, size_t index) {
    return block->precision == CK_ACTIVATION_Q8 ? ((const uint8_t *)block->weights)[index]
                                                : ((const int16_t *)block->weights)[index];
}

static void set_weight(const ck_attention_int_block *block, size_t index, int32_t weight) {
    if (block->precision == CK_ACTIVATION_Q8) {
        ((uint8_t *)block->weights)[index] = (uint8_t)weight;
    } else {
        ((int16_t *)block->weights)[index] = (int16_t)weight;
    }
}

static void scores__reference(const ck_attention_int_block *block) {
    for (size_t r = 0; r < tile; r++) {
        block->block_maximum[r] = -INFINITY;
        for (size_t i = 0; i < block->keys; i++) {
            int32_t sum = block->offset[r];
            for (size_t d = 0; d < block->depth; d++) {
                const size_t query = place(block, d, r, tile);
                sum += key(block, i * block->depth + d) * integer(block, block->queries, query);
            }
            const float score = (float)sum * block->key_scale[i] * block->scale[r];
            block->scores[i * tile + r] = score;
            block->block_maximum[r] = fmaxf(block->block_maximum[r], score);
        }
    }
}

static void softmax__reference(const ck_attention_int_block *block) {
    const size_t group = ck_attention_int_group(block->precision);
    const float most = ck_attention_int_most_weight(block->precision);
    memset(block->weights, 0, (block->keys + group - 1) / group * CK_ATTENTION_INT_WORD * tile);
    for (size_t r = 0; r < tile; r++) {
        int32_t sum = 0;
        for (size_t i = 0; i < block->keys; i++) {
            const float below = block->scores[i * tile + r] - block->block_maximum[r];
            const int32_t rounded = (int32_t)nearbyintf(most * exp2f(below));
            set_weight(block, place(block, i, r, tile), rounded);
            sum += rounded;
        }
        const float maximum = fmaxf(block->maximum[r], block->block_maximum[r]);
        block->rescale[r] = exp2f(block->maximum[r] - maximum);
        block->factor[r] = exp2f(block->block_maximum[r] - maximum);
        block->sum[r] = block->sum[r] * block->rescale[r] + block->factor[r] * (float)sum;
        block->maximum[r] = maximum;
        block->weight_sum[r] = sum;
    }
}

static void accumulate__reference(const ck_attention_int_block *block) {
    for (size_t c = 0; c < block->channels; c++) {
        for (size_t r = 0; r < tile; r++) {
            int32_t sum = 0;
            for (size_t i = 0; i < block->keys; i++) {
                sum += weight(block, place(block, i, r, tile)) *
                       integer(block, block->value, place(block, i, c, block->channels));
            }
            float *total = block->accumulators + c * tile + r;
            *total = *total * block->rescale[r] + block->factor[r] * (float)sum;
        }
    }
}

void ck_fill_attention_int__reference(ck_attention_int_table *table) {
    const ck_attention_int_kernels kernels = {
        .scores = scores__reference,
        .softmax = softmax__reference,
        .accumulate = accumulate__reference,
    };
    table->q16 = kernels;
    table->q8 = kernels;
    table->q8.key_bias = key_bias;
}
