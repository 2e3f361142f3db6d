#include "quantize_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count >= 16 ? 0xffff : (1u << count) - 1);
}

static float largest_magnitude(size_t count, const float *x) {
    __m512 largest[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        largest[0] = _mm512_max_ps(largest[0], _mm512_abs_ps(_mm512_loadu_ps(x + i)));
        largest[1] = _mm512_max_ps(largest[1], _mm512_abs_ps(_mm512_loadu_ps(x + i + 16)));
    }
    for (; i < count; i += 16) {
        const __m512 rest = _mm512_maskz_loadu_ps(first_lanes(count - i), x + i);
        largest[0] = _mm512_max_ps(largest[0], _mm512_abs_ps(rest));
    }
    return _mm512_reduce_max_ps(_mm512_max_ps(largest[0], largest[1]));
}

/// Sixteen integers within ±limit. Only what is no finite number meets the limits: a finite product
/// exceeds them by less than a rounding.
static inline __m512i rounded(__m512 x, __m512 inverse, int limit) {
    const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(x, inverse));
    const __m512i at_most = _mm512_min_epi32(q, _mm512_set1_epi32(limit));
    return _mm512_max_epi32(at_most, _mm512_set1_epi32(-limit));
}

static float quantize_q16__avx512(size_t count, const float *x, int16_t *q) {
    const float largest = largest_magnitude(count, x);
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        return 0;
    }
    const __m512 inverse = _mm512_set1_ps(2047 / largest);
    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 mask = first_lanes(count - i);
        const __m512i wide = rounded(_mm512_maskz_loadu_ps(mask, x + i), inverse, 2047);
        _mm512_mask_cvtepi32_storeu_epi16(q + i, mask, wide);
    }
    return largest / 2047;
}

static float quantize_q8__avx512(size_t count, const float *x, int8_t *q, int32_t *sum) {
    const float largest = largest_magnitude(count, x);
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        *sum = 0;
        return 0;
    }
    const __m512 inverse = _mm512_set1_ps(127 / largest);
    __m512i total = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 mask = first_lanes(count - i);
        const __m512i wide = rounded(_mm512_maskz_loadu_ps(mask, x + i), inverse, 127);
        _mm512_mask_cvtepi32_storeu_epi8(q + i, mask, wide);
        total = _mm512_add_epi32(total, wide);
    }
    *sum = _mm512_reduce_add_epi32(total);
    return largest / 127;
}

// Whole vectors go without a mask: what a masked store wrote is not at hand for the loads that
// follow.

static void f32_from_f16__avx512(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i))));
    }
    if (i < count) {
        const __mmask16 mask = first_lanes(count - i);
        const __m256i halves = _mm256_maskz_loadu_epi16(mask, x + i);
        _mm512_mask_storeu_ps(y + i, mask, _mm512_cvtph_ps(halves));
    }
}

static void f16_from_f32__avx512(size_t count, const float *x, uint16_t *y) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m256i halves = _mm512_cvtps_ph(_mm512_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_si256((__m256i *)(y + i), halves);
    }
    if (i < count) {
        const __mmask16 mask = first_lanes(count - i);
        const __m512 values = _mm512_maskz_loadu_ps(mask, x + i);
        _mm256_mask_storeu_epi16(y + i, mask, _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    }
}

#pragma clang attribute pop

void ck_fill_quantize__avx512(ck_quantize_table *table) {
    table->quantize_q16 = quantize_q16__avx512;
    table->quantize_q8 = quantize_q8__avx512;
    table->f32_from_f16 = f32_from_f16__avx512;
    table->f16_from_f32 = f16_from_f32__avx512;
}

#endif
