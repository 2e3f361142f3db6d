#include "attention_int_table.h"

#if defined(__aarch64__)

#include <float.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "../isa/bytes_neon.h"

/// Products are of two signed bytes, keys and queries, or of two unsigned ones, weights and values.
enum { precision = CK_ACTIVATION_Q8, tile_numbers = 8, wide = 3, key_bias = 0, value_bias = 128 };

#include "attention_int_product.h"

static inline i32v i32v_dot_keys(i32v sum, i32v queries, i32v keys) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(queries), vreinterpretq_s8_s32(keys));
}

static inline i32v i32v_dot_weights(i32v sum, i32v weights, i32v values) {
    return vreinterpretq_s32_u32(vdotq_u32(
        vreinterpretq_u32_s32(sum), vreinterpretq_u8_s32(weights), vreinterpretq_u8_s32(values)));
}

/// The integers in the low bits of a group's weights, side by side.
static inline i32v i32v_low_integers(const f32v *weights) {
    return i32v_low_bytes(weights[0], weights[1], weights[2], weights[3]);
}

/// The four bytes of lane `lane`, a constant once the loops are unrolled, in each lane: the product
/// takes them from where they are.
static inline __attribute__((always_inline)) i32v all_of(i32v x, size_t lane) {
    switch (lane) {
    case 0:
        return vdupq_laneq_s32(x, 0);
    case 1:
        return vdupq_laneq_s32(x, 1);
    case 2:
        return vdupq_laneq_s32(x, 2);
    default:
        return vdupq_laneq_s32(x, 3);
    }
}

/// A group k of a tile's vectors.
static inline __attribute__((always_inline)) void load_vectors(integer_product product, size_t k,
                                                               i32v *x) {
    for (size_t v = 0; v < wide; v++) {
        x[v] = i32v_load((const char *)product.vectors + k * tile_queries * word + v * sizeof *x);
    }
}

/// The first half of the tile's keys, to leave registers for their bytes: a load brings four groups
/// of a key.
static inline __attribute__((always_inline)) void multiply_half(integer_product product,
                                                                i32v (*sums)[wide]) {
    enum { half = tile_numbers / 2, lanes = f32v_lanes };
    const char *const keys = product.numbers;
    i32v x[wide], y[half];
    size_t k = 0;
    for (; k + lanes <= product.groups; k += lanes) {
        for (size_t i = 0; i < half; i++) {
            y[i] = i32v_load(keys + i * product.row_stride + k * word);
        }
        for (size_t lane = 0; lane < lanes; lane++) {
            load_vectors(product, k + lane, x);
            for (size_t i = 0; i < half; i++) {
                for (size_t v = 0; v < wide; v++) {
                    sums[i][v] = i32v_dot_keys(sums[i][v], x[v], all_of(y[i], lane));
                }
            }
        }
    }
    for (; k < product.groups; k++) {
        load_vectors(product, k, x);
        for (size_t i = 0; i < half; i++) {
            y[i] = i32v_all_bytes(keys + i * product.row_stride + k * word);
            for (size_t v = 0; v < wide; v++) {
                sums[i][v] = i32v_dot_keys(sums[i][v], x[v], y[i]);
            }
        }
    }
}

static inline __attribute__((always_inline)) void multiply_keys(integer_product product,
                                                                i32v (*sums)[wide]) {
    enum { half = tile_numbers / 2 };
    multiply_half(product, sums);
    product.numbers = (const char *)product.numbers + half * product.row_stride;
    multiply_half(product, sums + half);
}

/// A load brings a group of four channels.
static inline __attribute__((always_inline)) void multiply_values(integer_product product,
                                                                  i32v (*sums)[wide]) {
    enum { lanes = f32v_lanes };
    for (size_t k = 0; k < product.groups; k++) {
        const char *const values = (const char *)product.numbers + k * product.number_stride;
        i32v x[wide];
        load_vectors(product, k, x);
        for (size_t i = 0; i < tile_numbers; i += lanes) {
            const i32v y = i32v_load(values + i * word);
            for (size_t lane = 0; lane < lanes; lane++) {
                for (size_t v = 0; v < wide; v++) {
                    i32v *const sum = &sums[i + lane][v];
                    *sum = i32v_dot_weights(*sum, x[v], all_of(y, lane));
                }
            }
        }
    }
}

static inline __attribute__((always_inline)) void multiply_integers(integer_product product,
                                                                    i32v (*sums)[wide]) {
    if (product.numbers_are_keys) {
        multiply_keys(product, sums);
    } else {
        multiply_values(product, sums);
    }
}

#include "attention_int_vector.h"

#pragma clang attribute pop

void ck_fill_attention_int__neon_dotprod(ck_attention_int_table *table) {
    table->q8 = vector_kernels;
}

#endif
