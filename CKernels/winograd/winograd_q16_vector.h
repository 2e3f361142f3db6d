/// The transforms of Winograd convolutions whose operands are int16, in the words of the rung's
/// headers of vectors and pairs, which come first.
#ifndef CK_WINOGRAD_Q16_VECTOR_H
#define CK_WINOGRAD_Q16_VECTOR_H

#include "../quantize/quantize_table.h"
#include "winograd_q16_product.h"
#include "winograd_vector.h"

/// The largest magnitudes of as many places as a vector has lanes, from `first` on. A lane past the
/// last place holds that of `first`.
static inline __attribute__((always_inline)) f32v largest_of_places(float (*transformed)[part],
                                                                    size_t first, size_t channels) {
    f32v largest[f32v_lanes];
    for (size_t i = 0; i < f32v_lanes; i++) {
        if (first + i >= places) {
            largest[i] = largest[0];
            continue;
        }
        const float *place = transformed[first + i];
        largest[i] = f32v_magnitude(f32v_load(place));
        for (size_t c = f32v_lanes; c < channels; c += f32v_lanes) {
            largest[i] = f32v_larger(largest[i], f32v_magnitude(f32v_load(place + c)));
        }
    }
    return f32v_largest_of_each(largest);
}

/// The places from `first` on: scales, and integers.
static inline __attribute__((always_inline)) void quantize_places(float (*transformed)[part],
                                                                  size_t first, size_t channels,
                                                                  ck_winograd_input input) {
    const f32v magnitude = largest_of_places(transformed, first, channels);
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
        for (size_t c = 0; c < channels; c += 2 * f32v_lanes) {
            const f32v low = f32v_mul(f32v_load(place + c), by);
            const f32v high = f32v_mul(f32v_load(place + c + f32v_lanes), by);
            i32v_store(to + c * sizeof(int16_t), i16v_from_f32(low, high));
        }
    }
}

/// Quantizes a tile of `channels` channels, whole pairs of vectors.
static inline __attribute__((always_inline)) void
quantize_channels(float (*transformed)[part], size_t channels, ck_winograd_input input) {
#pragma clang loop unroll(full)
    for (size_t first = 0; first < places; first += f32v_lanes) {
        quantize_places(transformed, first, channels, input);
    }
}

/// Quantizes a tile of which `channels` channels are transformed.
static void quantize_tile(float (*transformed)[part], size_t channels, ck_winograd_input input) {
    if (channels == part) {
        quantize_channels(transformed, part, input);
        return;
    }
    const size_t step = 2 * f32v_lanes;
    const size_t whole = (channels + step - 1) / step * step;
    for (size_t p = 0; p < places; p++) {
        for (size_t c = channels; c < whole; c++) {
            transformed[p][c] = 0;
        }
    }
    quantize_channels(transformed, whole, input);
}

static void transform_input(const float *x, size_t row_stride, size_t channels,
                            ck_winograd_input input) {
    _Alignas(64) float transformed[places][part];
    const tile_rows rows = gathered_rows(x, row_stride);
    for (size_t c = 0; c < channels; c += f32v_lanes) {
        transform_channels(&rows, load_f32, c, *transformed + c, part);
    }
    quantize_tile(transformed, channels, input);
}

static void transform_pixels(const ck_winograd_pixels *x, size_t count, size_t column,
                             ck_winograd_input input) {
    _Alignas(64) float transformed[places][part];
    size_t channels = 0;
    for (; count > 0; count--, x++) {
        const tile_rows rows = standing_rows(x, column);
        for (size_t c = 0; c < x->channels; c += f32v_lanes) {
            transform_channels(&rows, load_f16, c, *transformed + channels + c, part);
        }
        channels += x->channels;
    }
    quantize_tile(transformed, channels, input);
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
        for (size_t v = 0; v < panel_vectors; v++) {
            i32v q[9];
            for (size_t tap = 0; tap < 9; tap++) {
                q[tap] = load_outputs(panels, c * CK_PANEL_Q8 + tap * tap_stride, v);
            }
            transform_kernel(q, i16v_first_bytes, ck_planes_at(weights, v * sizeof(i32v)));
            transform_kernel(q, i16v_last_bytes,
                             ck_planes_at(weights, pair_row_bytes + v * sizeof(i32v)));
        }
        weights.data += 2 * pair_row_bytes;
    }
}

static const ck_winograd_table vector_kernels = {
    .operands = CK_WINOGRAD_INT16,
    .fewest_tiles_q16 = 4,
    .transform_input = transform_input,
    .transform_pixels = transform_pixels,
    .transform_weights = transform_weights,
    .multiply = multiply,
    .transform_sums = transform_sums,
};

#endif
