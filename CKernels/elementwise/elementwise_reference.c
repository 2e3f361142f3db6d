/// The plain versions: double inside, rounded once.
#include "elementwise_table.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

static float silu(double x) {
    return (float)(x / (1 + exp(-x)));
}

/// ½(1 + erf(x/√2)) written as ½ erfc(−x/√2): no cancellation on the negative side.
static double gelu(double x) {
    return x * 0.5 * erfc(-x * 0x1.6a09e667f3bcdp-1);
}

static void silu__reference(size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = silu(x[i]);
    }
}

static void gelu__reference(size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = (float)gelu(x[i]);
    }
}

static void quick_gelu__reference(size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = (float)(x[i] / (1 + exp(-1.702 * x[i])));
    }
}

static void geglu__reference(size_t rows, size_t channels, const float *x, size_t ldx, float *y,
                             size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        const float *value = x + r * ldx, *gate = value + channels;
        for (size_t c = 0; c < channels; c++) {
            y[r * ldy + c] = (float)(value[c] * gelu(gate[c]));
        }
    }
}

static void leaky_relu__reference(size_t count, const float *x, float slope, float *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = x[i] >= 0 ? x[i] : slope * x[i];
    }
}

static void prelu__reference(size_t rows, size_t channels, const float *x, size_t ldx,
                             const float *slope, float *y, size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < channels; c++) {
            const float value = x[r * ldx + c];
            y[r * ldy + c] = value >= 0 ? value : slope[c] * value;
        }
    }
}

static void scale_add__reference(size_t count, const float *x, float factor, float *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = y[i] * factor + x[i];
    }
}

static void sum_of_three__reference(size_t count, const float *a, const float *b, const float *c,
                                    float *y) {
    for (size_t i = 0; i < count; i++) {
        const float sum = a[i] + b[i];
        y[i] = sum + c[i];
    }
}

void ck_fill_elementwise__reference(ck_elementwise_table *table) {
    *table = (ck_elementwise_table){
        .silu = silu__reference,
        .gelu = gelu__reference,
        .quick_gelu = quick_gelu__reference,
        .geglu = geglu__reference,
        .leaky_relu = leaky_relu__reference,
        .prelu = prelu__reference,
        .scale_add = scale_add__reference,
        .sum_of_three = sum_of_three__reference,
    };
}
