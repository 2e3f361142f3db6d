/// The Winograd kernels in the words of the rung's vector header, which comes first.
#ifndef CK_WINOGRAD_VECTOR_H
#define CK_WINOGRAD_VECTOR_H

#include "winograd_table.h"

enum {
    rows = CK_WINOGRAD_ROWS,
    vectors = CK_WINOGRAD_PANEL / f32v_lanes,
    cache_line = 16, ///< In floats.
    // NEON's 24 sums leave no registers for what an unrolled loop loads ahead.
    unroll = f32v_lanes == 4 ? 1 : 4,
};

/// Bᵀ d for one column (or row) of six; `from` and `to` are in vectors.
static inline __attribute__((always_inline)) void input_column(const f32v *d, size_t from, f32v *t,
                                                               size_t to) {
    const f32v d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from],
               d5 = d[5 * from];
    const f32v four = f32v_all(4), minus_four = f32v_all(-4), minus_five = f32v_all(-5);
    const f32v two = f32v_all(2), minus_two = f32v_all(-2);
    const f32v even = f32v_fma(minus_four, d2, d4), odd = f32v_fma(minus_four, d1, d3);
    const f32v outer = f32v_sub(d4, d2), inner = f32v_sub(d3, d1);
    t[0] = f32v_fma(four, d0, f32v_fma(minus_five, d2, d4));
    t[to] = f32v_add(even, odd);
    t[2 * to] = f32v_sub(even, odd);
    t[3 * to] = f32v_fma(two, inner, outer);
    t[4 * to] = f32v_fma(minus_two, inner, outer);
    t[5 * to] = f32v_fma(four, d1, f32v_fma(minus_five, d3, d5));
}

static void transform_input(const float *x, size_t row_stride, size_t channels, ck_planes input) {
    for (size_t c = 0; c < channels; c += f32v_lanes) {
        f32v columns[36];
        for (size_t j = 0; j < 6; j++) {
            f32v d[6];
            for (size_t i = 0; i < 6; i++) {
                d[i] = f32v_load(x + i * row_stride + j * CK_WINOGRAD_CHANNELS + c);
            }
            input_column(d, 1, columns + j, 6);
        }
        for (size_t i = 0; i < 6; i++) {
            f32v t[6];
            input_column(columns + 6 * i, 1, t, 1);
            for (size_t j = 0; j < 6; j++) {
                f32v_store(input.data + (6 * i + j) * input.stride + c, t[j]);
            }
        }
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
            f32v_store(weights.data + (6 * i + j) * weights.stride, t[j]);
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
                weights.data += f32v_lanes;
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
        const float *next = a[i] + product->input.stride;
        for (size_t k = 0; k < CK_WINOGRAD_CHANNELS; k += cache_line) {
            __builtin_prefetch(next + k);
        }
        __builtin_prefetch(c + product->sums.stride + i * CK_WINOGRAD_PANEL, 1);
    }
}

static void multiply(const ck_winograd_product *product) {
    const size_t padded = (product->tiles + rows - 1) / rows * rows;
    for (size_t p = 0; p < CK_WINOGRAD_PLACES; p++) {
        const float *input = product->input.data + p * product->input.stride;
        const float *weights = product->weights.data + p * product->weights.stride;
        float *sums = product->sums.data + p * product->sums.stride;
        for (size_t tile = 0; tile < product->tiles; tile += rows) {
            const float *a[rows];
            for (size_t i = 0; i < rows; i++) {
                const size_t row = tile + i < product->tiles ? tile + i : product->tiles - 1;
                a[i] = input + row * CK_WINOGRAD_CHANNELS;
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

/// Aᵀ m for one column (or row) of six; the result has four.
static inline __attribute__((always_inline)) void sum_column(const f32v *m, f32v *t, size_t to) {
    const f32v near = f32v_add(m[1], m[2]), near_odd = f32v_sub(m[1], m[2]);
    const f32v far = f32v_add(m[3], m[4]), far_odd = f32v_sub(m[3], m[4]);
    t[0] = f32v_fma(f32v_all(-0.25f), far, f32v_fma(f32v_all(-1.5f), m[0], near));
    t[to] = f32v_fma(f32v_all(-0.5f), far_odd, near_odd);
    t[2 * to] = f32v_sub(near, far);
    t[3 * to] = f32v_fma(f32v_all(-6), m[5], f32v_fma(f32v_all(-2), far_odd, near_odd));
}

/// The tile's 4×4 outputs of one vector, still to be stored.
static inline __attribute__((always_inline)) void sum_tile(ck_planes sums, f32v scale, f32v bias,
                                                           f32v *y) {
    f32v columns[24];
    for (size_t j = 0; j < 6; j++) {
        f32v m[6];
        for (size_t i = 0; i < 6; i++) {
            m[i] = f32v_load(sums.data + (6 * i + j) * sums.stride);
        }
        sum_column(m, columns + j, 6);
    }
    for (size_t i = 0; i < 4; i++) {
        f32v t[4];
        sum_column(columns + 6 * i, t, 1);
        for (size_t j = 0; j < 4; j++) {
            y[4 * i + j] = f32v_fma(t[j], scale, bias);
        }
    }
}

static void transform_sums(ck_planes sums, const ck_winograd_output *output) {
    for (size_t j = 0; j < output->outputs; j += f32v_lanes) {
        f32v y[16];
        sum_tile((ck_planes){sums.data + j, sums.stride}, f32v_load(output->scale + j),
                 f32v_load(output->bias + j), y);
        const size_t count = output->outputs - j;
        for (size_t r = 0; r < output->rows; r++) {
            for (size_t c = 0; c < output->columns; c++) {
                float *to = output->y + r * output->row_stride + c * output->ldy + j;
                if (count >= f32v_lanes) {
                    f32v_store(to, y[4 * r + c]);
                } else {
                    f32v_store_some(to, y[4 * r + c], count);
                }
            }
        }
    }
}

static const ck_winograd_table vector_kernels = {
    .transform_input = transform_input,
    .transform_weights = transform_weights,
    .multiply = multiply,
    .transform_sums = transform_sums,
};

#endif
