/// Words for products of bytes at 256 bits: those of bytes_avx512.h but `i32v_dot`, which the
/// rung's file says in its own encoding.
#ifndef CK_BYTES_AVX2_H
#define CK_BYTES_AVX2_H

#include "vector_avx2.h"

typedef __m256i i32v;

static inline i32v i32v_load(const void *p) {
    return _mm256_loadu_si256(p);
}

static inline void i32v_store(void *p, i32v x) {
    _mm256_storeu_si256(p, x);
}

static inline i32v i32v_zero(void) {
    return _mm256_setzero_si256();
}

static inline i32v i32v_all_bytes(const void *p) {
    int32_t bytes;
    __builtin_memcpy(&bytes, p, sizeof bytes);
    return _mm256_set1_epi32(bytes);
}

static inline i32v i32v_and(i32v a, i32v b) {
    return _mm256_and_si256(a, b);
}

static inline i32v i32v_times(i32v x, int32_t factor) {
    return _mm256_mullo_epi32(x, _mm256_set1_epi32(factor));
}

static inline f32v f32v_from_i32(i32v x) {
    return _mm256_cvtepi32_ps(x);
}

static inline f32v f32v_power(f32v biased) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(biased), 23));
}

static inline i32v i32v_low_bytes(f32v a, f32v b, f32v c, f32v d) {
    const __m256i second = _mm256_slli_epi32(_mm256_castps_si256(b), 8);
    const __m256i third = _mm256_slli_epi32(_mm256_castps_si256(c), 16);
    const __m256i fourth = _mm256_slli_epi32(_mm256_castps_si256(d), 24);
    const __m256i upper = _mm256_set1_epi32((int32_t)(0x4b400000u ^ 0x40000000u));
    const __m256i low = _mm256_xor_si256(_mm256_castps_si256(a), second);
    const __m256i high = _mm256_xor_si256(_mm256_xor_si256(third, fourth), upper);
    return _mm256_xor_si256(low, high);
}

#endif
