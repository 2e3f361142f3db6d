#include "ceiling_loop.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

static inline __m256 add_f32(__m256 sum, __m256 x, __m256 y) {
    return _mm256_fmadd_ps(x, y, sum);
}

static inline __m256i add_int16(__m256i sum, __m256i x, __m256i y) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
}

CK_CEILING_LOOP(ck_ceiling_f32__avx2, __m256, __m256, _mm256_set1_ps(0.5f), add_f32)
CK_CEILING_LOOP(ck_ceiling_int16__avx2, __m256i, __m256i, _mm256_set1_epi16(3), add_int16)

#pragma clang attribute pop

#endif
