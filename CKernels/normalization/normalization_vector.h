/// The normalisation kernels in the words of the rung's vector header, which comes first.
#ifndef CK_NORMALIZATION_VECTOR_H
#define CK_NORMALIZATION_VECTOR_H

#include "../elementwise/exponential.h"
#include "normalization_table.h"

#include <math.h>

/// Pixels whose sums stay in registers: the chunk's rows are still in the cache for the next
/// channels.
enum { chunk_rows = 16 };

/// The sums of one vector of channels over a chunk. A square of a float is exact in double, so the
/// sums have the reference's bits.
static inline void vector_sums(size_t rows, const float *x, size_t ldx, double *sum,
                               double *square) {
    f64v low = f64v_load(sum), high = f64v_load(sum + f64v_lanes);
    f64v low_square = f64v_load(square), high_square = f64v_load(square + f64v_lanes);
    for (size_t r = 0; r < rows; r++) {
        const f32v value = f32v_load(x + r * ldx);
        const f64v low_value = f64v_low(value), high_value = f64v_high(value);
        low = f64v_add(low, low_value);
        high = f64v_add(high, high_value);
        low_square = f64v_fma(low_value, low_value, low_square);
        high_square = f64v_fma(high_value, high_value, high_square);
    }
    f64v_store(sum, low);
    f64v_store(sum + f64v_lanes, high);
    f64v_store(square, low_square);
    f64v_store(square + f64v_lanes, high_square);
}

static void channel_sums(size_t rows, size_t channels, const float *x, size_t ldx, double *sum,
                         double *square) {
    for (size_t first = 0; first < rows; first += chunk_rows) {
        const size_t count = rows - first < chunk_rows ? rows - first : chunk_rows;
        const float *chunk = x + first * ldx;
        size_t c = 0;
        for (; c + f32v_lanes <= channels; c += f32v_lanes) {
            vector_sums(count, chunk + c, ldx, sum + c, square + c);
        }
        for (; c < channels; c++) {
            for (size_t r = 0; r < count; r++) {
                const double value = chunk[r * ldx + c];
                sum[c] += value;
                square[c] += value * value;
            }
        }
    }
}

static inline f32v scaled(f32v x, f32v scale, f32v shift, bool then_silu) {
    const f32v y = f32v_fma(x, scale, shift);
    return then_silu ? silu_of(y) : y;
}

static inline __attribute__((always_inline)) void
scale_shift_rows(size_t rows, size_t channels, const float *x, size_t ldx, const float *scale,
                 const float *shift, bool then_silu, float *y, size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        float *to = y + r * ldy;
        size_t c = 0;
        for (; c + f32v_lanes <= channels; c += f32v_lanes) {
            f32v_store(to + c, scaled(f32v_load(from + c), f32v_load(scale + c),
                                      f32v_load(shift + c), then_silu));
        }
        const size_t left = channels - c;
        if (left > 0) {
            const f32v last =
                scaled(f32v_load_some(from + c, left), f32v_load_some(scale + c, left),
                       f32v_load_some(shift + c, left), then_silu);
            f32v_store_some(to + c, last, left);
        }
    }
}

static void scale_shift(size_t rows, size_t channels, const float *x, size_t ldx,
                        const float *scale, const float *shift, bool silu, float *y, size_t ldy) {
    if (silu) {
        scale_shift_rows(rows, channels, x, ldx, scale, shift, true, y, ldy);
    } else {
        scale_shift_rows(rows, channels, x, ldx, scale, shift, false, y, ldy);
    }
}

static double row_mean(size_t channels, const float *x) {
    f64v low = f64v_all(0), high = f64v_all(0);
    size_t c = 0;
    for (; c + f32v_lanes <= channels; c += f32v_lanes) {
        const f32v value = f32v_load(x + c);
        low = f64v_add(low, f64v_low(value));
        high = f64v_add(high, f64v_high(value));
    }
    double sum = f64v_sum(f64v_add(low, high));
    for (; c < channels; c++) {
        sum += x[c];
    }
    return sum / (double)channels;
}

static double row_variance(size_t channels, const float *x, double mean) {
    const f64v minus_mean = f64v_all(-mean);
    f64v low = f64v_all(0), high = f64v_all(0);
    size_t c = 0;
    for (; c + f32v_lanes <= channels; c += f32v_lanes) {
        const f32v value = f32v_load(x + c);
        const f64v low_value = f64v_add(f64v_low(value), minus_mean);
        const f64v high_value = f64v_add(f64v_high(value), minus_mean);
        low = f64v_fma(low_value, low_value, low);
        high = f64v_fma(high_value, high_value, high);
    }
    double sum = f64v_sum(f64v_add(low, high));
    for (; c < channels; c++) {
        sum += (x[c] - mean) * (x[c] - mean);
    }
    return sum / (double)channels;
}

/// The mean leaves in two parts: a mean much larger than the deviation costs no digits.
static inline f32v normalized(f32v x, f32v mean, f32v rest, f32v inverse, f32v gamma, f32v beta) {
    const f32v centred = f32v_sub(f32v_sub(x, mean), rest);
    return f32v_fma(f32v_mul(centred, inverse), gamma, beta);
}

static void layer_norm(size_t rows, size_t channels, const float *x, size_t ldx, const float *gamma,
                       const float *beta, float epsilon, float *y, size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        float *to = y + r * ldy;
        const double exact_mean = row_mean(channels, from);
        const double variance = row_variance(channels, from, exact_mean);
        const f32v inverse = f32v_all((float)(1 / sqrt(variance + epsilon)));
        const f32v mean = f32v_all((float)exact_mean);
        const f32v rest = f32v_all((float)(exact_mean - (float)exact_mean));
        size_t c = 0;
        for (; c + f32v_lanes <= channels; c += f32v_lanes) {
            f32v_store(to + c, normalized(f32v_load(from + c), mean, rest, inverse,
                                          f32v_load(gamma + c), f32v_load(beta + c)));
        }
        const size_t left = channels - c;
        if (left > 0) {
            const f32v last =
                normalized(f32v_load_some(from + c, left), mean, rest, inverse,
                           f32v_load_some(gamma + c, left), f32v_load_some(beta + c, left));
            f32v_store_some(to + c, last, left);
        }
    }
}

static const ck_normalization_table vector_kernels = {
    .channel_sums = channel_sums,
    .scale_shift = scale_shift,
    .layer_norm = layer_norm,
};

#endif
