/// The Winograd kernels in float32, in the words of the rung's vector header, which comes first.
#ifndef CK_WINOGRAD_F32_VECTOR_H
#define CK_WINOGRAD_F32_VECTOR_H

#include "winograd_table.h"

enum {
    part = CK_WINOGRAD_PART_F32,
    rows = 6,
    vectors = CK_WINOGRAD_PANEL / f32v_lanes,
    cache_line = 16, ///< In floats.
    // NEON's 24 sums leave no registers for what an unrolled loop loads ahead.
    unroll = f32v_lanes == 4 ? 1 : 4,
};

#include "winograd_vector.h"

static void transform_input(const float *x, size_t row_stride, size_t channels,
                            ck_winograd_input input) {
    const tile_rows rows = gathered_rows(x, row_stride);
    for (size_t c = 0; c < channels; c += f32v_lanes) {
        transform_channels(&rows, load_f32, c, ck_plane_f32(input.planes, 0) + c,
                           input.planes.stride / sizeof(float));
    }
}

static void transform_pixels(const ck_winograd_pixels *x, size_t count, size_t column,
                             ck_winograd_input input) {
    float *to = ck_plane_f32(input.planes, 0);
    for (; count > 0; count--, x++) {
        const tile_rows rows = standing_rows(x, column);
        for (size_t c = 0; c < x->channels; c += f32v_lanes) {
            transform_channels(&rows, load_f16, c, to + c, input.planes.stride / sizeof(float));
        }
        to += x->channels;
    }
}

/// G q for one column (or row) of three.
static inline __attribute__((always_inline)) void weight_column(f32v q0, f32v q1, f32v q2, f32v *t,
                                                                size_t to) {
    const f32v outer = f32v_add(q0, q2), far = f32v_fma(f32v_all(4), q2, q0);
    t[0] = q0;
    t[to] = f32v_add(outer, q1);
    t[2 * to] = f32v_sub(outer, q1);
    t[3 * to] = f32v_fma(f32v_all(2), q1, far);
    t[4 * to] = f32v_fma(f32v_all(-2), q1, far);
    t[5 * to] = q2;
}

static inline __attribute__((always_inline)) void
transform_kernel(const int8_t *q, size_t tap_stride, int byte, ck_planes weights) {
    f32v columns[18];
    for (size_t j = 0; j < 3; j++) {
        weight_column(f32v_from_byte_of_four(q + j * tap_stride, byte),
                      f32v_from_byte_of_four(q + (3 + j) * tap_stride, byte),
                      f32v_from_byte_of_four(q + (6 + j) * tap_stride, byte), columns + j, 3);
    }
    for (size_t i = 0; i < 6; i++) {
        f32v t[6];
        weight_column(columns[3 * i], columns[3 * i + 1], columns[3 * i + 2], t, 1);
        for (size_t j = 0; j < 6; j++) {
            f32v_store(ck_plane_f32(weights, 6 * i + j), t[j]);
        }
    }
}

/// Whole rows of 16 outputs come one after the other, so that each cache line is written at once.
static void transform_weights(ck_panel_pair panels, size_t tap_stride, size_t channels,
                              ck_planes weights) {
    for (size_t c = 0; c < channels; c += CK_BLOCK_Q8) {
        for (int byte = 0; byte < CK_BLOCK_Q8; byte++) {
            for (size_t j = 0; j < CK_WINOGRAD_PANEL; j += f32v_lanes) {
                const int8_t *block = j < CK_PANEL_Q8 ? panels.low : panels.high;
                transform_kernel(block + (c * CK_PANEL_Q8 + j % CK_PANEL_Q8 * CK_BLOCK_Q8),
                                 tap_stride, byte, weights);
                weights.data += sizeof(f32v);
            }
        }
    }
}

/// One register tile: rows × 16 sums, 12 vectors with AVX2. A row past the last repeats it.
static inline __attribute__((always_inline)) void
multiply_tile(const float *const *a, const float *b, size_t channels, bool adds, float *c) {
    f32v sum[rows][vectors];
    for (size_t i = 0; i < rows; i++) {
        for (size_t v = 0; v < vectors; v++) {
            sum[i][v] = adds ? f32v_load(c + i * CK_WINOGRAD_PANEL + v * f32v_lanes) : f32v_all(0);
        }
    }
#pragma clang loop unroll_count(unroll)
    for (size_t k = 0; k < channels; k++) {
        f32v row[vectors];
        for (size_t v = 0; v < vectors; v++) {
            row[v] = f32v_load(b + k * CK_WINOGRAD_PANEL + v * f32v_lanes);
        }
        for (size_t i = 0; i < rows; i++) {
            const f32v x = f32v_all(a[i][k]);
            for (size_t v = 0; v < vectors; v++) {
                sum[i][v] = f32v_fma(x, row[v], sum[i][v]);
            }
        }
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t v = 0; v < vectors; v++) {
            f32v_store(c + i * CK_WINOGRAD_PANEL + v * f32v_lanes, sum[i][v]);
        }
    }
}

/// What the next place needs of these tiles: the places are too short for the processor to foresee.
static inline void prefetch_next(const ck_winograd_product *product, const float *const *a,
                                 const float *c) {
    for (size_t i = 0; i < rows; i++) {
        const float *next = a[i] + product->input.planes.stride / sizeof *next;
        for (size_t k = 0; k < part; k += cache_line) {
            __builtin_prefetch(next + k);
        }
        __builtin_prefetch(c + product->sums.stride / sizeof *c + i * CK_WINOGRAD_PANEL, 1);
    }
}

static void multiply(const ck_winograd_product *product) {
    const size_t padded =
        (product->tiles + CK_WINOGRAD_ROWS - 1) / CK_WINOGRAD_ROWS * CK_WINOGRAD_ROWS;
    for (size_t p = 0; p < CK_WINOGRAD_PLACES; p++) {
        const float *input = ck_plane_f32(product->input.planes, p);
        const float *weights = ck_plane_f32(product->weights, p);
        float *sums = ck_plane_f32(product->sums, p);
        for (size_t tile = 0; tile < product->tiles; tile += rows) {
            const float *a[rows];
            for (size_t i = 0; i < rows; i++) {
                const size_t row = tile + i < product->tiles ? tile + i : product->tiles - 1;
                a[i] = input + row * part;
            }
            for (size_t panel = 0; panel < product->panels; panel++) {
                float *c = sums + (panel * padded + tile) * CK_WINOGRAD_PANEL;
                if (p + 1 < CK_WINOGRAD_PLACES) {
                    prefetch_next(product, a, c);
                }
                multiply_tile(a, weights + panel * product->channels * CK_WINOGRAD_PANEL,
                              product->channels, product->adds, c);
            }
        }
    }
}

static const ck_winograd_table vector_kernels = {
    .operands = CK_WINOGRAD_F32,
    .fewest_tiles_q16 = 16,
    .transform_input = transform_input,
    .transform_pixels = transform_pixels,
    .transform_weights = transform_weights,
    .multiply = multiply,
    .transform_sums = transform_sums,
};

#endif
