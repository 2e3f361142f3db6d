/// The attention kernels in the words of the rung's vector and tile headers, which come first.
///
/// The products run on register tiles of one or two panels of 16 columns, or of 8 columns where
/// values have a narrow panel. A tile past the last row repeats that row, which costs less than
/// tiles of every height.
#ifndef CK_ATTENTION_VECTOR_H
#define CK_ATTENTION_VECTOR_H

#include "../elementwise/exponential.h"
#include "attention_table.h"

static const tile_shape wide_tile = {wide_rows, wide_panels, CK_ATTENTION_PANEL};
static const tile_shape single_tile = {wide_rows, 1, CK_ATTENTION_PANEL};
static const tile_shape narrow_tile = {narrow_rows, 1, narrow_width};

static inline size_t clamped_row(const ck_attention_block *block, size_t row) {
    return row < block->rows ? row : block->rows - 1;
}

/// The scores of all rows with the keys of a tile, from `key` on.
static inline __attribute__((always_inline)) void score_panels(const ck_attention_block *block,
                                                               tile_shape tile, size_t key) {
    const size_t head_dim = block->head_dim;
    const float *panel = block->keys_packed + key * head_dim;
    for (size_t first = 0; first < block->rows; first += tile.rows) {
        f32v sums[most_rows][most_vectors];
        const float *query[most_rows];
        for (size_t r = 0; r < tile.rows; r++) {
            query[r] = block->queries + clamped_row(block, first + r) * head_dim;
            for (size_t v = 0; v < vectors_of(tile); v++) {
                sums[r][v] = f32v_all(0);
            }
        }
        multiply(tile, head_dim, query, panel, CK_ATTENTION_PANEL * head_dim, sums);
        for (size_t r = 0; r < tile.rows; r++) {
            float *to =
                block->scores + clamped_row(block, first + r) * CK_ATTENTION_KEY_BLOCK + key;
            for (size_t v = 0; v < vectors_of(tile); v++) {
                f32v_store(to + v * f32v_lanes, sums[r][v]);
            }
        }
    }
}

static void scores(const ck_attention_block *block) {
    const size_t wide = wide_panels * CK_ATTENTION_PANEL;
    size_t key = 0;
    for (; key + (wide_panels - 1) * CK_ATTENTION_PANEL < block->keys; key += wide) {
        score_panels(block, wide_tile, key);
    }
    for (; key < block->keys; key += CK_ATTENTION_PANEL) {
        score_panels(block, single_tile, key);
    }
}

/// `keys` is a multiple of CK_ATTENTION_PANEL.
static inline float largest_score(const float *row, size_t keys, float floor) {
    f32v largest[panel_vectors];
    for (size_t v = 0; v < panel_vectors; v++) {
        largest[v] = f32v_all(floor);
    }
    for (size_t j = 0; j < keys; j += CK_ATTENTION_PANEL) {
        for (size_t v = 0; v < panel_vectors; v++) {
            largest[v] = f32v_max(largest[v], f32v_load(row + j + v * f32v_lanes));
        }
    }
    for (size_t v = 1; v < panel_vectors; v++) {
        largest[0] = f32v_max(largest[0], largest[v]);
    }
    return f32v_largest(largest[0]);
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

/// Adds the values of a tile's panels, from `panel` on, to the accumulators of all rows.
static inline __attribute__((always_inline)) void accumulate_panels(const ck_attention_block *block,
                                                                    tile_shape tile, size_t panel) {
    const float *values =
        block->values + panel * block->value_stride + block->first_key * tile.width;
    for (size_t first = 0; first < block->rows; first += tile.rows) {
        f32v sums[most_rows][most_vectors];
        const float *weights[most_rows];
        float *to[most_rows];
        for (size_t r = 0; r < tile.rows; r++) {
            const size_t row = clamped_row(block, first + r);
            weights[r] = block->scores + row * CK_ATTENTION_KEY_BLOCK;
            to[r] =
                block->accumulators + row * block->accumulator_stride + panel * CK_ATTENTION_PANEL;
            const f32v rescale = f32v_all(block->rescale[row]);
            for (size_t v = 0; v < vectors_of(tile); v++) {
                sums[r][v] = f32v_mul(f32v_load(to[r] + v * f32v_lanes), rescale);
            }
        }
        multiply(tile, block->keys, weights, values, block->value_stride, sums);
        for (size_t r = 0; r < tile.rows; r++) {
            for (size_t v = 0; v < vectors_of(tile); v++) {
                f32v_store(to[r] + v * f32v_lanes, sums[r][v]);
            }
        }
    }
}

static void accumulate(const ck_attention_block *block) {
    const size_t whole =
        (block->head_dim + CK_ATTENTION_PANEL - 1 - narrow_width) / CK_ATTENTION_PANEL;
    size_t panel = 0;
    for (; panel + wide_panels <= whole; panel += wide_panels) {
        accumulate_panels(block, wide_tile, panel);
    }
    for (; panel < whole; panel++) {
        accumulate_panels(block, single_tile, panel);
    }
    if (panel * CK_ATTENTION_PANEL < block->head_dim) {
        accumulate_panels(block, narrow_tile, panel);
    }
}

static const ck_attention_table vector_kernels = {
    .scores = scores,
    .softmax = softmax,
    .accumulate = accumulate,
};

#endif
