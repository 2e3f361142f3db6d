/// The Winograd kernels with operands in int16, in the words of the rung's headers of vectors and
/// pairs, which come first.
#ifndef CK_WINOGRAD_Q16_VECTOR_H
#define CK_WINOGRAD_Q16_VECTOR_H

#include "../quantize/quantize_table.h"
#include "winograd_vector.h"

enum {
    part = CK_WINOGRAD_CHANNELS,
    places = CK_WINOGRAD_PLACES,
    pair_bytes = 2 * sizeof(int16_t), ///< Of two channels of a tile or of an output.
    row_bytes = CK_WINOGRAD_PANEL * pair_bytes,
};

/// As many places as a vector has lanes, from `first` on: scales, and integers. Past the last place
/// the last one is repeated.
static inline __attribute__((always_inline)) void
quantize_places(float (*transformed)[part], size_t first, ck_winograd_input input) {
    f32v largest[f32v_lanes];
    for (size_t i = 0; i < f32v_lanes; i++) {
        const float *place = transformed[first + i < places ? first + i : places - 1];
        largest[i] = f32v_magnitude(f32v_load(place));
        for (size_t c = f32v_lanes; c < part; c += f32v_lanes) {
            largest[i] = f32v_larger(largest[i], f32v_magnitude(f32v_load(place + c)));
        }
    }
    const f32v magnitude = f32v_largest_of_each(largest);
    const f32v most = f32v_all(CK_WINOGRAD_MOST);
    const f32v scale =
        f32v_where_at_least(magnitude, CK_QUANTIZE_SMALLEST, f32v_div(magnitude, most));
    float inverse[f32v_lanes];
    f32v_store(inverse,
               f32v_where_at_least(magnitude, CK_QUANTIZE_SMALLEST, f32v_div(most, magnitude)));
    const size_t left = places - first;
    if (left < f32v_lanes) {
        f32v_store_some(input.scales + first, scale, left);
    } else {
        f32v_store(input.scales + first, scale);
    }
    for (size_t i = 0; i < f32v_lanes && i < left; i++) {
        const float *place = transformed[first + i];
        const f32v by = f32v_all(inverse[i]);
        char *const to = input.planes.data + (first + i) * input.planes.stride;
        for (size_t c = 0; c < part; c += 2 * f32v_lanes) {
            const f32v low = f32v_mul(f32v_load(place + c), by);
            const f32v high = f32v_mul(f32v_load(place + c + f32v_lanes), by);
            i32v_store(to + c * sizeof(int16_t), i16v_from_f32(low, high));
        }
    }
}

static void transform_input(const float *x, size_t row_stride, size_t channels,
                            ck_winograd_input input) {
    _Alignas(64) float transformed[places][part];
    for (size_t c = 0; c < channels; c += f32v_lanes) {
        transform_channels(x + c, row_stride, *transformed + c, part);
    }
    for (size_t c = channels; c < part; c += f32v_lanes) {
        for (size_t p = 0; p < places; p++) {
            f32v_store(transformed[p] + c, f32v_all(0));
        }
    }
    for (size_t first = 0; first < places; first += f32v_lanes) {
        quantize_places(transformed, first, input);
    }
}

/// G q for one column (or row) of three.
static inline __attribute__((always_inline)) void weight_column(i32v q0, i32v q1, i32v q2, i32v *t,
                                                                size_t to) {
    const i32v outer = i16v_add(q0, q2), far = i16v_add(q0, i16v_times_power(q2, 2));
    const i32v twice = i16v_times_power(q1, 1);
    t[0] = q0;
    t[to] = i16v_add(outer, q1);
    t[2 * to] = i16v_sub(outer, q1);
    t[3 * to] = i16v_add(far, twice);
    t[4 * to] = i16v_sub(far, twice);
    t[5 * to] = q2;
}

/// G q Gᵀ of a vector of outputs for the pair of channels that `pair_of` takes of the four.
static inline __attribute__((always_inline)) void
transform_kernel(const i32v *q, i32v (*pair_of)(i32v), ck_planes weights) {
    i32v columns[18];
    for (size_t j = 0; j < 3; j++) {
        weight_column(pair_of(q[j]), pair_of(q[3 + j]), pair_of(q[6 + j]), columns + j, 3);
    }
    for (size_t i = 0; i < 6; i++) {
        i32v t[6];
        weight_column(columns[3 * i], columns[3 * i + 1], columns[3 * i + 2], t, 1);
        for (size_t j = 0; j < 6; j++) {
            i32v_store(weights.data + (6 * i + j) * weights.stride, t[j]);
        }
    }
}

static void transform_weights(ck_panel_pair panels, size_t tap_stride, size_t channels,
                              ck_planes weights) {
    for (size_t c = 0; c < channels; c += CK_BLOCK_Q8) {
        for (size_t v = 0; v < vectors; v++) {
            i32v q[9];
            for (size_t tap = 0; tap < 9; tap++) {
                q[tap] = load_outputs(panels, c * CK_PANEL_Q8 + tap * tap_stride, v);
            }
            transform_kernel(q, i16v_first_bytes, ck_planes_at(weights, v * sizeof(i32v)));
            transform_kernel(q, i16v_last_bytes,
                             ck_planes_at(weights, row_bytes + v * sizeof(i32v)));
        }
        weights.data += 2 * row_bytes;
    }
}

/// The operands of a register tile: rows × 16 sums. A row past the last repeats it.
typedef struct operand_rows {
    const char *input[rows];
    const float *scale[rows];
} operand_rows;

static inline __attribute__((always_inline)) void
multiply_tile(const operand_rows *a, const char *b, size_t pairs, bool adds, float *c) {
    i32v dot[rows][vectors];
    for (size_t i = 0; i < rows; i++) {
        const i32v x = i32v_all_bytes(a->input[i]);
        for (size_t v = 0; v < vectors; v++) {
            dot[i][v] = i32v_pairs_product(x, i32v_load(b + v * sizeof(i32v)));
        }
    }
#pragma clang loop unroll(disable)
    for (size_t k = 1; k < pairs; k++) {
        for (size_t i = 0; i < rows; i++) {
            const i32v x = i32v_all_bytes(a->input[i] + k * pair_bytes);
            for (size_t v = 0; v < vectors; v++) {
                const i32v y = i32v_load(b + k * row_bytes + v * sizeof(i32v));
                dot[i][v] = i32v_dot_pairs(dot[i][v], x, y);
            }
        }
    }
    for (size_t i = 0; i < rows; i++) {
        const f32v scale = f32v_all(*a->scale[i]);
        for (size_t v = 0; v < vectors; v++) {
            float *const to = c + i * CK_WINOGRAD_PANEL + v * f32v_lanes;
            const f32v sum = f32v_from_i32(dot[i][v]);
            f32v_store(to, adds ? f32v_fma(scale, sum, f32v_load(to)) : f32v_mul(scale, sum));
        }
    }
}

/// What the next place needs of these tiles: the places are too short for the processor to foresee.
static inline void prefetch_next(const ck_winograd_product *product, const operand_rows *a,
                                 const float *c) {
    for (size_t i = 0; i < rows; i++) {
        __builtin_prefetch(a->input[i] + product->input.planes.stride);
        __builtin_prefetch((const char *)c + product->sums.stride + i * sizeof(float[16]), 1);
    }
}

static void multiply(const ck_winograd_product *product) {
    const size_t padded = (product->tiles + rows - 1) / rows * rows;
    const size_t pairs = product->channels / 2;
    for (size_t p = 0; p < places; p++) {
        const char *input = product->input.planes.data + p * product->input.planes.stride;
        const char *weights = product->weights.data + p * product->weights.stride;
        float *sums = ck_plane_f32(product->sums, p);
        for (size_t tile = 0; tile < product->tiles; tile += rows) {
            operand_rows a;
            for (size_t i = 0; i < rows; i++) {
                const size_t row = tile + i < product->tiles ? tile + i : product->tiles - 1;
                a.input[i] = input + row * part * sizeof(int16_t);
                a.scale[i] = product->input.scales + row * places + p;
            }
            for (size_t panel = 0; panel < product->panels; panel++) {
                float *c = sums + (panel * padded + tile) * CK_WINOGRAD_PANEL;
                if (p + 1 < places) {
                    prefetch_next(product, &a, c);
                }
                multiply_tile(&a, weights + panel * pairs * row_bytes, pairs, product->adds, c);
            }
        }
    }
}

static const ck_winograd_table vector_kernels = {
    .operand_bytes = sizeof(int16_t),
    .fewest_tiles = 4,
    .transform_input = transform_input,
    .transform_weights = transform_weights,
    .multiply = multiply,
    .transform_sums = transform_sums,
};

#endif
