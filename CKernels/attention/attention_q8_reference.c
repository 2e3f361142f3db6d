/// The plain versions.
#include "attention_q8_table.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

enum { tile = CK_ATTENTION_Q8_QUERIES, group = CK_ATTENTION_Q8_GROUP };

static void scores__reference(const ck_attention_q8_block *block) {
    for (size_t r = 0; r < tile; r++) {
        block->block_maximum[r] = -INFINITY;
        for (size_t i = 0; i < block->keys; i++) {
            int32_t sum = block->offset[r];
            for (size_t d = 0; d < block->depth; d++) {
                const size_t query = (d / group * tile + r) * group + d % group;
                sum += block->key[i * block->depth + d] * block->queries[query];
            }
            const float score = (float)sum * block->key_scale[i] * block->scale[r];
            block->scores[i * tile + r] = score;
            block->block_maximum[r] = fmaxf(block->block_maximum[r], score);
        }
    }
}

static void softmax__reference(const ck_attention_q8_block *block) {
    memset(block->weights, 0, (block->keys + group - 1) / group * group * tile);
    for (size_t r = 0; r < tile; r++) {
        int32_t sum = 0;
        for (size_t i = 0; i < block->keys; i++) {
            const float below = block->scores[i * tile + r] - block->block_maximum[r];
            const int32_t weight = (int32_t)nearbyintf(255 * exp2f(below));
            block->weights[(i / group * tile + r) * group + i % group] = (uint8_t)weight;
            sum += weight;
        }
        const float maximum = fmaxf(block->maximum[r], block->block_maximum[r]);
        block->rescale[r] = exp2f(block->maximum[r] - maximum);
        block->factor[r] = exp2f(block->block_maximum[r] - maximum);
        block->sum[r] = block->sum[r] * block->rescale[r] + block->factor[r] * (float)sum;
        block->maximum[r] = maximum;
        block->weight_sum[r] = sum;
    }
}

static void accumulate__reference(const ck_attention_q8_block *block) {
    for (size_t c = 0; c < block->channels; c++) {
        for (size_t r = 0; r < tile; r++) {
            int32_t sum = 0;
            for (size_t i = 0; i < block->keys; i++) {
                const uint8_t weight = block->weights[(i / group * tile + r) * group + i % group];
                const size_t value = (i / group * block->channels + c) * group + i % group;
                sum += weight * (int8_t)block->value[value];
            }
            float *total = block->accumulators + c * tile + r;
            *total = *total * block->rescale[r] + block->factor[r] * (float)sum;
        }
    }
}

void ck_fill_attention_q8__reference(ck_attention_q8_table *table) {
    *table = (ck_attention_q8_table){
        .scores = scores__reference,
        .softmax = softmax__reference,
        .accumulate = accumulate__reference,
        .key_bias = 128,
    };
}
