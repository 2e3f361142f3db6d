/// The plain versions.
#include "attention_table.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

static size_t padded_keys(const ck_attention_block *block) {
    return (block->keys + CK_ATTENTION_PANEL - 1) / CK_ATTENTION_PANEL * CK_ATTENTION_PANEL;
}

static void scores__reference(const ck_attention_block *block) {
    const size_t head_dim = block->head_dim;
    for (size_t r = 0; r < block->rows; r++) {
        const float *query = block->queries + r * head_dim;
        for (size_t first = 0; first < block->keys; first += CK_ATTENTION_PANEL) {
            const float *panel = block->keys_packed + first * head_dim;
            float sums[CK_ATTENTION_PANEL] = {0};
            for (size_t d = 0; d < head_dim; d++) {
                for (size_t j = 0; j < CK_ATTENTION_PANEL; j++) {
                    sums[j] += query[d] * panel[d * CK_ATTENTION_PANEL + j];
                }
            }
            for (size_t j = 0; j < CK_ATTENTION_PANEL; j++) {
                block->scores[r * CK_ATTENTION_KEY_BLOCK + first + j] = sums[j];
            }
        }
    }
}

static void softmax__reference(const ck_attention_block *block) {
    const size_t keys = padded_keys(block);
    for (size_t r = 0; r < block->rows; r++) {
        float *scores = block->scores + r * CK_ATTENTION_KEY_BLOCK;
        float maximum = block->maximum[r], sum = 0;
        for (size_t j = 0; j < keys; j++) {
            maximum = scores[j] > maximum ? scores[j] : maximum;
        }
        for (size_t j = 0; j < keys; j++) {
            scores[j] = exp2f(scores[j] - maximum);
            sum += scores[j];
        }
        block->rescale[r] = exp2f(block->maximum[r] - maximum);
        block->sum[r] = block->sum[r] * block->rescale[r] + sum;
        block->maximum[r] = maximum;
    }
}

static void accumulate__reference(const ck_attention_block *block) {
    const size_t panels = (block->head_dim + CK_ATTENTION_PANEL - 1) / CK_ATTENTION_PANEL;
    for (size_t r = 0; r < block->rows; r++) {
        const float *weights = block->scores + r * CK_ATTENTION_KEY_BLOCK;
        for (size_t p = 0; p < panels; p++) {
            const size_t width = ck_attention_value_width(block->head_dim, p);
            const float *values =
                block->values + p * block->value_stride + block->first_key * width;
            float *sums =
                block->accumulators + r * block->accumulator_stride + p * CK_ATTENTION_PANEL;
            for (size_t c = 0; c < width; c++) {
                sums[c] *= block->rescale[r];
            }
            for (size_t j = 0; j < block->keys; j++) {
                for (size_t c = 0; c < width; c++) {
                    sums[c] += weights[j] * values[j * width + c];
                }
            }
        }
    }
}

void ck_fill_attention__reference(ck_attention_table *table) {
    *table = (ck_attention_table){
        .scores = scores__reference,
        .softmax = softmax__reference,
        .accumulate = accumulate__reference,
    };
}
