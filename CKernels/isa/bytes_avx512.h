/// Words for products of bytes, for AVX-512 with VNNI; vector_avx512.h comes first.
#ifndef CK_BYTES_AVX512_H
#define CK_BYTES_AVX512_H

#include "vector_avx512.h"

typedef __m512i i32v;

static inline i32v i32v_load(const void *p) {
    return _mm512_loadu_si512(p);
}

static inline void i32v_store(void *p, i32v x) {
    _mm512_storeu_si512(p, x);
}

/// The four bytes at `p` in each lane.
static inline i32v i32v_all_bytes(const void *p) {
    int32_t bytes;
    __builtin_memcpy(&bytes, p, sizeof bytes);
    return _mm512_set1_epi32(bytes);
}

static inline i32v i32v_zero(void) {
    return _mm512_setzero_si512();
}

/// sum + the lane's four products of unsigned and signed bytes.
static inline i32v i32v_dot(i32v sum, i32v unsigned_bytes, i32v signed_bytes) {
    return _mm512_dpbusd_epi32(sum, unsigned_bytes, signed_bytes);
}

static inline i32v i32v_and(i32v a, i32v b) {
    return _mm512_and_si512(a, b);
}

static inline i32v i32v_times(i32v x, int32_t factor) {
    return _mm512_mullo_epi32(x, _mm512_set1_epi32(factor));
}

static inline f32v f32v_from_i32(i32v x) {
    return _mm512_cvtepi32_ps(x);
}

/// 2ⁿ, where the low 8 bits of `biased` hold n + 127 > 0 and the bit above them is 0.
static inline f32v f32v_power(f32v biased) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(biased), 23));
}

/// The lowest byte of each of four, side by side, where all other bits are those of 1.5 · 2²³.
static inline i32v i32v_low_bytes(f32v a, f32v b, f32v c, f32v d) {
    const __m512i second = _mm512_slli_epi32(_mm512_castps_si512(b), 8);
    const __m512i third = _mm512_slli_epi32(_mm512_castps_si512(c), 16);
    const __m512i fourth = _mm512_slli_epi32(_mm512_castps_si512(d), 24);
    // Exclusive or: the constant takes away what the numbers' own upper bits leave.
    const __m512i upper = _mm512_set1_epi32((int32_t)(0x4b400000u ^ 0x40000000u));
    const __m512i low = _mm512_ternarylogic_epi32(_mm512_castps_si512(a), second, third, 0x96);
    return _mm512_ternarylogic_epi32(low, fourth, upper, 0x96);
}

#endif
