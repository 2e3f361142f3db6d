/// What all Winograd kernels share, in the words of the rung's vector header, which comes first,
/// with `part`, the channels of one: the transforms of the input and of the sums, in float32.
#ifndef CK_WINOGRAD_VECTOR_H
#define CK_WINOGRAD_VECTOR_H

#include "winograd_table.h"

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

/// The six rows of a tile's pixels, `stride` numbers from pixel to pixel.
typedef struct tile_rows {
    const void *row[6];
    size_t stride;
} tile_rows;

static inline f32v load_f32(const void *row, size_t index) {
    return f32v_load((const float *)row + index);
}

static inline f32v load_f16(const void *row, size_t index) {
    return f32v_load_f16((const uint16_t *)row + index);
}

/// Bᵀ d B of one tile for a vector of channels from `c` on; a place is `stride` floats behind the
/// one before.
static inline __attribute__((always_inline)) void
transform_channels(const tile_rows *x, f32v (*load)(const void *, size_t), size_t c, float *to,
                   size_t stride) {
    f32v columns[36];
    for (size_t j = 0; j < 6; j++) {
        f32v d[6];
        for (size_t i = 0; i < 6; i++) {
            d[i] = load(x->row[i], j * x->stride + c);
        }
        input_column(d, 1, columns + j, 6);
    }
    for (size_t i = 0; i < 6; i++) {
        f32v t[6];
        input_column(columns + 6 * i, 1, t, 1);
        for (size_t j = 0; j < 6; j++) {
            f32v_store(to + (6 * i + j) * stride, t[j]);
        }
    }
}

/// Of pixels that were gathered.
static inline tile_rows gathered_rows(const float *x, size_t row_stride) {
    tile_rows rows = {.stride = part};
    for (size_t i = 0; i < 6; i++) {
        rows.row[i] = x + i * row_stride;
    }
    return rows;
}

/// Of pixels that stand in float16, from column `column` on.
static inline tile_rows standing_rows(const ck_winograd_pixels *x, size_t column) {
    tile_rows rows = {.stride = x->stride};
    for (size_t i = 0; i < 6; i++) {
        rows.row[i] = x->row[i] + column * x->stride;
    }
    return rows;
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
            m[i] = f32v_load(ck_plane_f32(sums, 6 * i + j));
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
        sum_tile(ck_planes_at(sums, j * sizeof(float)), f32v_load(output->scale + j),
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

#endif
