/// The plain versions; binary16 by its bits, so that no compiler support is asked for.
#include "quantize_table.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static float largest_magnitude(size_t count, const float *x) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        const float magnitude = fabsf(x[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

/// Rounds half to even after clamping to ±limit (NaN becomes −limit). Adding 1.5 · 2²³ leaves no
/// fraction bits, so the addition rounds, in the default rounding mode.
static float round_clamped(float value, float limit) {
    const float at_least = value > -limit ? value : -limit;
    const float clamped = at_least < limit ? at_least : limit;
    return (clamped + 0x1.8p23f) - 0x1.8p23f;
}

static float quantize_q16__reference(size_t count, const float *x, int16_t *q) {
    const float largest = largest_magnitude(count, x), limit = 2047;
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        return 0;
    }
    const float inverse = limit / largest;
    for (size_t i = 0; i < count; i++) {
        q[i] = (int16_t)round_clamped(x[i] * inverse, limit);
    }
    return largest / limit;
}

static float quantize_q8__reference(size_t count, const float *x, int8_t *q, int32_t *sum) {
    const float largest = largest_magnitude(count, x), limit = 127;
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        *sum = 0;
        return 0;
    }
    const float inverse = limit / largest;
    int32_t total = 0;
    for (size_t i = 0; i < count; i++) {
        q[i] = (int8_t)round_clamped(x[i] * inverse, limit);
        total += q[i];
    }
    *sum = total;
    return largest / limit;
}

static void dequantize_q8__reference(size_t count, const int8_t *q, float scale, float *x) {
    for (size_t i = 0; i < count; i++) {
        x[i] = (float)q[i] * scale;
    }
}

static float float_from_half(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t exponent = (half >> 10) & 31, fraction = half & 1023;
    uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
    if (exponent == 31) { // Infinity, or NaN made quiet as the hardware does.
        bits = sign | 0x7f800000 | fraction << 13 | (fraction ? 0x00400000 : 0);
    } else if (exponent == 0) { // Zero or subnormal: fraction · 2⁻²⁴, exact in float32.
        const float magnitude = (float)fraction * 0x1p-24f;
        memcpy(&bits, &magnitude, sizeof bits);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t half_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    }
    if (magnitude >= 0x477ff000) { // From 65520 on: rounds to infinity.
        return (uint16_t)(sign | 0x7c00);
    }
    if (magnitude < 0x38800000) { // Below 2⁻¹⁴: a multiple of 2⁻²⁴; the sum's last bit is that.
        const float sum = fabsf(value) + 0.5f;
        memcpy(&bits, &sum, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    const uint32_t odd = magnitude >> 13 & 1;
    return (uint16_t)(sign | (magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

static void f32_from_f16__reference(size_t count, const uint16_t *x, float *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = float_from_half(x[i]);
    }
}

static void f16_from_f32__reference(size_t count, const float *x, uint16_t *y) {
    for (size_t i = 0; i < count; i++) {
        y[i] = half_from_float(x[i]);
    }
}

void ck_fill_quantize__reference(ck_quantize_table *table) {
    *table = (ck_quantize_table){
        .quantize_q16 = quantize_q16__reference,
        .quantize_q8 = quantize_q8__reference,
        .dequantize_q8 = dequantize_q8__reference,
        .f32_from_f16 = f32_from_f16__reference,
        .f16_from_f32 = f16_from_f32__reference,
    };
}
