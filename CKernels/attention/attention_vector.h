/// The attention kernels in the words of the rung's vector and tile headers, which come first.
///
/// The products run on register tiles of 16 columns, or of 8 where values have a narrow panel. A
/// tile past the last row repeats that row, which costs less than tiles of every height.
#ifndef CK_ATTENTION_VECTOR_H
#define CK_ATTENTION_VECTOR_H

#include "../elementwise/exponential.h"
#include "attention_table.h"

static inline size_t clamped_row(const ck_attention_block *block, size_t row) {
    return row < block->rows ? row : block->rows - 1;
}

static void scores(const ck_attention_block *block) {
    const size_t head_dim = block->head_dim;
    for (size_t key = 0; key < block->keys; key += CK_ATTENTION_PANEL) {
        const float *panel = block->keys_packed + key * head_dim;
        for (size_t first = 0; first < block->rows; first += wide_rows) {
            f32v sums[wide_rows][wide_vectors];
            const float *query[wide_rows];
            for (size_t r = 0; r < wide_rows; r++) {
                query[r] = block->queries + clamped_row(block, first + r) * head_dim;
                for (size_t v = 0; v < wide_vectors; v++) {
                    sums[r][v] = f32v_all(0);
                }
            }
            multiply(wide_rows, wide_vectors, head_dim, query, panel, sums);
            for (size_t r = 0; r < wide_rows; r++) {
                float *to =
                    block->scores + clamped_row(block, first + r) * CK_ATTENTION_KEY_BLOCK + key;
                for (size_t v = 0; v < wide_vectors; v++) {
                    f32v_store(to + v * f32v_lanes, sums[r][v]);
                }
            }
        }
    }
}

static inline float largest_score(const float *row, size_t keys, float floor) {
    f32v largest[2] = {f32v_all(floor), f32v_all(floor)};
    for (size_t j = 0; j < keys; j += 2 * f32v_lanes) {
        largest[0] = f32v_max(largest[0], f32v_load(row + j));
        largest[1] = f32v_max(largest[1], f32v_load(row + j + f32v_lanes));
    }
    return f32v_largest(f32v_max(largest[0], largest[1]));
}

static void softmax(const ck_attention_block *block) {
    const size_t panels = (block->keys + CK_ATTENTION_PANEL - 1) / CK_ATTENTION_PANEL;
    const size_t keys = panels * CK_ATTENTION_PANEL;
    for (size_t r = 0; r < block->rows; r++) {
        float *row = block->scores + r * CK_ATTENTION_KEY_BLOCK;
        const float maximum = largest_score(row, keys, block->maximum[r]);
        const f32v maxima = f32v_all(maximum);
        f32v sum = f32v_all(0);
        for (size_t j = 0; j < keys; j += f32v_lanes) {
            const f32v weight = exp2_of_negative(f32v_sub(f32v_load(row + j), maxima));
            f32v_store(row + j, weight);
            sum = f32v_add(sum, weight);
        }
        const f32v rescale = exp2_of_negative(f32v_all(block->maximum[r] - maximum));
        f32v_store_some(block->rescale + r, rescale, 1);
        block->sum[r] = block->sum[r] * block->rescale[r] + f32v_sum(sum);
        block->maximum[r] = maximum;
    }
}

static inline __attribute__((always_inline)) void
accumulate_panel(const ck_attention_block *block, size_t rows, size_t vectors, size_t panel) {
    const size_t width = vectors * f32v_lanes;
    const float *values = block->values + panel * block->value_stride + block->first_key * width;
    for (size_t first = 0; first < block->rows; first += rows) {
        f32v sums[narrow_rows][wide_vectors];
        const float *weights[narrow_rows];
        float *to[narrow_rows];
        for (size_t r = 0; r < rows; r++) {
            const size_t row = clamped_row(block, first + r);
            weights[r] = block->scores + row * CK_ATTENTION_KEY_BLOCK;
            to[r] =
                block->accumulators + row * block->accumulator_stride + panel * CK_ATTENTION_PANEL;
            const f32v rescale = f32v_all(block->rescale[row]);
            for (size_t v = 0; v < vectors; v++) {
                sums[r][v] = f32v_mul(f32v_load(to[r] + v * f32v_lanes), rescale);
            }
        }
        multiply(rows, vectors, block->keys, weights, values, sums);
        for (size_t r = 0; r < rows; r++) {
            for (size_t v = 0; v < vectors; v++) {
                f32v_store(to[r] + v * f32v_lanes, sums[r][v]);
            }
        }
    }
}

static void accumulate(const ck_attention_block *block) {
    for (size_t panel = 0; panel * CK_ATTENTION_PANEL < block->head_dim; panel++) {
        if (ck_attention_value_width(block->head_dim, panel) == CK_ATTENTION_PANEL) {
            accumulate_panel(block, wide_rows, wide_vectors, panel);
        } else {
            accumulate_panel(block, narrow_rows, narrow_vectors, panel);
        }
    }
}

static const ck_attention_table vector_kernels = {
    .scores = scores,
    .softmax = softmax,
    .accumulate = accumulate,
};

#endif
