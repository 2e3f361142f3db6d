#include "quantize_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../isa/vector_avx2.h"

static float largest_magnitude(size_t count, const float *x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 largest[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        largest[0] = _mm256_max_ps(largest[0], _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)));
        largest[1] = _mm256_max_ps(largest[1], _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i + 8)));
    }
    if (i + 8 <= count) {
        largest[0] = _mm256_max_ps(largest[0], _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)));
        i += 8;
    }
    if (i < count) {
        const __m256 rest = f32v_load_some(x + i, count - i);
        largest[1] = _mm256_max_ps(largest[1], _mm256_andnot_ps(sign, rest));
    }
    return f32v_largest(_mm256_max_ps(largest[0], largest[1]));
}

/// Eight integers within ±limit. Only what is no finite number meets the limits: a finite product
/// exceeds them by less than a rounding.
static inline __m128i rounded(__m256 x, __m256 inverse, __m128i limit) {
    const __m256i wide = _mm256_cvtps_epi32(_mm256_mul_ps(x, inverse));
    const __m128i q =
        _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    const __m128i minus_limit = _mm_sub_epi16(_mm_setzero_si128(), limit);
    return _mm_max_epi16(_mm_min_epi16(q, limit), minus_limit);
}

static float quantize_q16__avx2(size_t count, const float *x, int16_t *q) {
    const float largest = largest_magnitude(count, x);
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        return 0;
    }
    const __m256 inverse = _mm256_set1_ps(2047 / largest);
    const __m128i limit = _mm_set1_epi16(2047);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm_storeu_si128((__m128i *)(q + i), rounded(_mm256_loadu_ps(x + i), inverse, limit));
    }
    if (i < count) {
        int16_t last[8];
        const __m256 rest = f32v_load_some(x + i, count - i);
        _mm_storeu_si128((__m128i *)last, rounded(rest, inverse, limit));
        memcpy(q + i, last, (count - i) * sizeof *q);
    }
    return largest / 2047;
}

static inline int32_t sum_of(__m128i x) {
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32(x, _MM_SHUFFLE(2, 3, 0, 1))));
}

static float quantize_q8__avx2(size_t count, const float *x, int8_t *q, int32_t *sum) {
    const float largest = largest_magnitude(count, x);
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        *sum = 0;
        return 0;
    }
    const __m256 inverse = _mm256_set1_ps(127 / largest);
    const __m128i limit = _mm_set1_epi16(127), ones = _mm_set1_epi16(1);
    __m128i total = _mm_setzero_si128();
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m128i wide = rounded(_mm256_loadu_ps(x + i), inverse, limit);
        _mm_storel_epi64((__m128i *)(q + i), _mm_packs_epi16(wide, wide));
        total = _mm_add_epi32(total, _mm_madd_epi16(wide, ones));
    }
    if (i < count) {
        int8_t last[8];
        const __m128i wide = rounded(f32v_load_some(x + i, count - i), inverse, limit);
        _mm_storel_epi64((__m128i *)last, _mm_packs_epi16(wide, wide));
        memcpy(q + i, last, (count - i) * sizeof *q);
        total = _mm_add_epi32(total, _mm_madd_epi16(wide, ones));
    }
    *sum = sum_of(total);
    return largest / 127;
}

static void dequantize_q8__avx2(size_t count, const int8_t *q, float scale, float *x) {
    const __m256 scales = _mm256_set1_ps(scale);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m128i bytes = _mm_loadl_epi64((const __m128i *)(q + i));
        const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
        _mm256_storeu_ps(x + i, _mm256_mul_ps(values, scales));
    }
    for (; i < count; i++) {
        x[i] = (float)q[i] * scale;
    }
}

static void f32_from_f16__avx2(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
    }
    if (i == count) {
        return;
    }
    uint16_t last[8] = {0};
    memcpy(last, x + i, (count - i) * sizeof *x);
    const __m256 rest = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)last));
    f32v_store_some(y + i, rest, count - i);
}

static void f16_from_f32__avx2(size_t count, const float *x, uint16_t *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(y + i), halves);
    }
    if (i == count) {
        return;
    }
    uint16_t last[8];
    const __m256 rest = f32v_load_some(x + i, count - i);
    _mm_storeu_si128((__m128i *)last, _mm256_cvtps_ph(rest, _MM_FROUND_TO_NEAREST_INT));
    memcpy(y + i, last, (count - i) * sizeof *y);
}

#pragma clang attribute pop

void ck_fill_quantize__avx2(ck_quantize_table *table) {
    *table = (ck_quantize_table){
        .quantize_q16 = quantize_q16__avx2,
        .quantize_q8 = quantize_q8__avx2,
        .dequantize_q8 = dequantize_q8__avx2,
        .f32_from_f16 = f32_from_f16__avx2,
        .f16_from_f32 = f16_from_f32__avx2,
    };
}

#endif
