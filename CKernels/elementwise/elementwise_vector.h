/// The elementwise kernels in the words of the rung's vector header, which comes first.
#ifndef CK_ELEMENTWISE_VECTOR_H
#define CK_ELEMENTWISE_VECTOR_H

#include "elementwise_table.h"
#include "exponential.h"

static inline __attribute__((always_inline)) void map(size_t count, const float *x, float *y,
                                                      f32v (*function)(f32v)) {
    size_t i = 0;
    for (; i + f32v_lanes <= count; i += f32v_lanes) {
        f32v_store(y + i, function(f32v_load(x + i)));
    }
    if (i < count) {
        f32v_store_some(y + i, function(f32v_load_some(x + i, count - i)), count - i);
    }
}

static inline f32v quick_gelu_of(f32v x) {
    return times_logistic(x, f32v_mul(x, f32v_all(1.702f)));
}

static void silu(size_t count, const float *x, float *y) {
    map(count, x, y, silu_of);
}

static void gelu(size_t count, const float *x, float *y) {
    map(count, x, y, gelu_of);
}

static void quick_gelu(size_t count, const float *x, float *y) {
    map(count, x, y, quick_gelu_of);
}

static void geglu(size_t rows, size_t channels, const float *x, size_t ldx, float *y, size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        const float *value = x + r * ldx, *gate = value + channels;
        float *to = y + r * ldy;
        size_t c = 0;
        for (; c + f32v_lanes <= channels; c += f32v_lanes) {
            f32v_store(to + c, f32v_mul(f32v_load(value + c), gelu_of(f32v_load(gate + c))));
        }
        const size_t left = channels - c;
        if (left > 0) {
            const f32v last = gelu_of(f32v_load_some(gate + c, left));
            f32v_store_some(to + c, f32v_mul(f32v_load_some(value + c, left), last), left);
        }
    }
}

static inline f32v leaky(f32v x, f32v slope) {
    return f32v_by_sign(x, f32v_mul(x, slope), x);
}

static void leaky_relu(size_t count, const float *x, float slope, float *y) {
    const f32v slopes = f32v_all(slope);
    size_t i = 0;
    for (; i + f32v_lanes <= count; i += f32v_lanes) {
        f32v_store(y + i, leaky(f32v_load(x + i), slopes));
    }
    f32v_store_some(y + i, leaky(f32v_load_some(x + i, count - i), slopes), count - i);
}

static void prelu(size_t rows, size_t channels, const float *x, size_t ldx, const float *slope,
                  float *y, size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        float *to = y + r * ldy;
        size_t c = 0;
        for (; c + f32v_lanes <= channels; c += f32v_lanes) {
            f32v_store(to + c, leaky(f32v_load(from + c), f32v_load(slope + c)));
        }
        const size_t left = channels - c;
        if (left > 0) {
            const f32v slopes = f32v_load_some(slope + c, left);
            f32v_store_some(to + c, leaky(f32v_load_some(from + c, left), slopes), left);
        }
    }
}

static void scale_add(size_t count, const float *x, float factor, float *y) {
    const f32v factors = f32v_all(factor);
    size_t i = 0;
    for (; i + f32v_lanes <= count; i += f32v_lanes) {
        f32v_store(y + i, f32v_fma(f32v_load(y + i), factors, f32v_load(x + i)));
    }
    const size_t left = count - i;
    const f32v last = f32v_fma(f32v_load_some(y + i, left), factors, f32v_load_some(x + i, left));
    f32v_store_some(y + i, last, left);
}

static void sum_of_three(size_t count, const float *a, const float *b, const float *c, float *y) {
    size_t i = 0;
    for (; i + f32v_lanes <= count; i += f32v_lanes) {
        const f32v sum = f32v_add(f32v_load(a + i), f32v_load(b + i));
        f32v_store(y + i, f32v_add(sum, f32v_load(c + i)));
    }
    const size_t left = count - i;
    if (left > 0) {
        const f32v sum = f32v_add(f32v_load_some(a + i, left), f32v_load_some(b + i, left));
        f32v_store_some(y + i, f32v_add(sum, f32v_load_some(c + i, left)), left);
    }
}

static const ck_elementwise_table vector_kernels = {
    .silu = silu,
    .gelu = gelu,
    .quick_gelu = quick_gelu,
    .geglu = geglu,
    .leaky_relu = leaky_relu,
    .prelu = prelu,
    .scale_add = scale_add,
    .sum_of_three = sum_of_three,
};

#endif
