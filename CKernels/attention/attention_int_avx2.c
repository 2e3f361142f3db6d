#include "attention_int_table.h"

#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../isa/pairs_madd_avx2.h"

/// Without products of bytes, 16 bits are as fast as 8.
enum { precision = CK_ACTIVATION_Q16, tile_numbers = 4, wide = 2, key_bias = 0, value_bias = 0 };

#include "attention_int_product.h"

static inline i32v i32v_dot_weights(i32v sum, i32v weights, i32v values) {
    return i32v_dot_pairs(sum, weights, values);
}

/// The integers in the low bits of a group's weights, side by side.
static inline i32v i32v_low_integers(const f32v *weights) {
    return i32v_low_halves(weights[0], weights[1]);
}

static inline __attribute__((always_inline)) void multiply_integers(integer_product product,
                                                                    i32v (*sums)[wide]) {
    const char *number = product.numbers;
    const char *vector = product.vectors;
    for (size_t k = 0; k < product.groups; k++) {
        for (size_t i = 0; i < tile_numbers; i++) {
            const i32v y = i32v_all_bytes(number + i * product.row_stride);
            for (size_t v = 0; v < wide; v++) {
                sums[i][v] = i32v_dot_pairs(sums[i][v], y, i32v_load(vector + v * sizeof y));
            }
        }
        number += product.number_stride;
        vector += tile_queries * word;
    }
}

#include "attention_int_vector.h"

#pragma clang attribute pop

void ck_fill_attention_int__avx2(ck_attention_int_table *table) {
    table->q16 = vector_kernels;
}

#endif
