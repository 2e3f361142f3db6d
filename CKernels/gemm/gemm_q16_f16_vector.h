/// The micro-kernel of int16 activations and float16 weights, in the words of the rung's headers of
/// vectors and pairs, which come first: `most_rows` rows by `most_panels` panels.
#ifndef CK_GEMM_Q16_F16_VECTOR_H
#define CK_GEMM_Q16_F16_VECTOR_H

#include "../isa/pairs_tile.h"
#include "gemm_q16_f16.h"

_Static_assert(CK_PANEL_FLOAT == pair_outputs && most_panels <= q16_f16_panels, "panels of 16");

/// Rounds some outputs of a panel, `from` [k][16], a vector wide.
static inline __attribute__((always_inline)) void round_outputs(size_t k, const uint16_t *from,
                                                                float *scale, char *to) {
    f32v largest = f32v_magnitude(f32v_load_f16(from));
    for (size_t i = 1; i < k; i++) {
        const f32v weights = f32v_load_f16(from + i * CK_PANEL_FLOAT);
        largest = f32v_larger(largest, f32v_magnitude(weights));
    }
    const f32v most = f32v_all(q16_f16_most(k));
    f32v_store(scale, f32v_where_at_least(largest, CK_QUANTIZE_SMALLEST, f32v_div(largest, most)));
    const f32v inverse =
        f32v_where_at_least(largest, CK_QUANTIZE_SMALLEST, f32v_div(most, largest));
    // The sum's lowest bits are the product, rounded half to even.
    const f32v shift = f32v_all(0x1.8p23f);
    for (size_t i = 0; i < k; i += 2, from += 2 * CK_PANEL_FLOAT, to += pair_row_bytes) {
        const f32v even = f32v_fma(f32v_load_f16(from), inverse, shift);
        const f32v odd = f32v_fma(f32v_load_f16(from + CK_PANEL_FLOAT), inverse, shift);
        i32v_store(to, i32v_low_halves(even, odd));
    }
}

static inline void arrange_q16_f16(const ck_product *part, const char *b, size_t count, char *to) {
    for (size_t p = 0; p < count; p++, b += part->panel_bytes) {
        float *const scales = (float *)to + p * CK_PANEL_FLOAT;
        char *const panel = to + CK_Q16_F16_SCALES + p * q16_f16_panel_bytes(part);
        for (size_t v = 0; v < panel_vectors; v++) {
            round_outputs(part->k, (const uint16_t *)b + v * f32v_lanes, scales + v * f32v_lanes,
                          panel + v * sizeof(i32v));
        }
    }
}

/// Where vector `v` of a row's sums goes, and how much of it.
typedef struct output_vector {
    float *c;
    size_t columns;
} output_vector;

static inline f32v load_output(output_vector output) {
    return output.columns >= f32v_lanes ? f32v_load(output.c)
                                        : f32v_load_some(output.c, output.columns);
}

static inline void store_output(output_vector output, f32v sum) {
    if (output.columns >= f32v_lanes) {
        f32v_store(output.c, sum);
    } else {
        f32v_store_some(output.c, sum, output.columns);
    }
}

/// Adds a vector of the group's sums to each row of C. The loop over rows is unrolled, or the sums
/// would need addresses.
static inline __attribute__((always_inline)) void
finish_outputs(const ck_product *part, const ck_tile *tile, size_t v,
               i32v dot[most_rows][most_vectors]) {
    const size_t j = v * f32v_lanes;
    if (j >= tile->columns) {
        return;
    }
    const f32v scale = f32v_load((const float *)tile->panel + j);
    const f32v bias = tile->bias ? f32v_load(tile->bias + j) : f32v_all(0);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < most_rows; i++) {
        if (i < tile->rows) {
            const output_vector output = {tile->c + i * part->ldc + j, tile->columns - j};
            const f32v a_scale = f32v_all(tile->row[i].a_scale[part->part_scale]);
            const f32v scaled = f32v_mul(a_scale, f32v_from_i32(dot[i][v]));
            const f32v before = part->adds ? load_output(output) : f32v_all(0);
            store_output(output, f32v_add(f32v_fma(scaled, scale, before), bias));
        }
    }
}

static inline __attribute__((always_inline)) void tile_panels(const ck_product *part,
                                                              const ck_tile *tile, size_t panels) {
    const char *a[most_rows];
    for (size_t i = 0; i < most_rows; i++) {
        a[i] = (const char *)tile->row[i].a + part->part_a;
    }
    const pair_panels weights = {(const char *)tile->panel + CK_Q16_F16_SCALES,
                                 q16_f16_panel_bytes(part)};
    i32v dot[most_rows][most_vectors];
    dot_tile((tile_shape){most_rows, panels}, a, weights, part->k / 2, dot);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < panels * panel_vectors; v++) {
        finish_outputs(part, tile, v, dot);
    }
}

static inline void tile_q16_f16(const ck_product *part, const ck_tile *tile) {
    if (most_panels > 1 && tile->columns <= CK_PANEL_FLOAT) {
        tile_panels(part, tile, 1);
    } else {
        tile_panels(part, tile, most_panels);
    }
}

#endif
