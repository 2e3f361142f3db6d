/// What attention in integers asks of a rung, for those whose products take an unsigned and a
/// signed byte: `i32v_dot` comes first.
#ifndef CK_ATTENTION_INT_VNNI_H
#define CK_ATTENTION_INT_VNNI_H

#include "attention_int_product.h"

enum { precision = CK_ACTIVATION_Q8, key_bias = 128, value_bias = 0 };

static inline i32v i32v_dot_weights(i32v sum, i32v weights, i32v values) {
    return i32v_dot(sum, weights, values);
}

/// The integers in the low bits of a group's weights, side by side.
static inline i32v i32v_low_integers(const f32v *weights) {
    return i32v_low_bytes(weights[0], weights[1], weights[2], weights[3]);
}

static inline __attribute__((always_inline)) void multiply_integers(integer_product product,
                                                                    i32v (*sums)[wide]) {
    const char *number = product.numbers;
    const char *vector = product.vectors;
    for (size_t k = 0; k < product.groups; k++) {
        i32v x[wide];
        for (size_t v = 0; v < wide; v++) {
            x[v] = i32v_load(vector + v * sizeof x[v]);
        }
        for (size_t i = 0; i < tile_numbers; i++) {
            const i32v y = i32v_all_bytes(number + i * product.row_stride);
            for (size_t v = 0; v < wide; v++) {
                sums[i][v] = product.numbers_are_keys ? i32v_dot(sums[i][v], y, x[v])
                                                      : i32v_dot(sums[i][v], x[v], y);
            }
        }
        number += product.number_stride;
        vector += tile_queries * word;
    }
}

#endif
