/// The words of vector_avx2.h for AVX-512: 16 floats or 8 doubles at a time.
#ifndef CK_VECTOR_AVX512_H
#define CK_VECTOR_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { f32v_lanes = 16, f64v_lanes = 8 };

typedef __m512 f32v;
typedef __m512d f64v;

static inline f32v f32v_load(const float *p) {
    return _mm512_loadu_ps(p);
}

static inline f32v f32v_load_f16(const uint16_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

static inline void f32v_store(float *p, f32v x) {
    _mm512_storeu_ps(p, x);
}

/// The first `count` < f32v_lanes lanes; the others are not touched in memory, and zero in the
/// vector.
static inline f32v f32v_load_some(const float *p, size_t count) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}

static inline void f32v_store_some(float *p, f32v x, size_t count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), x);
}

static inline f32v f32v_all(float x) {
    return _mm512_set1_ps(x);
}

static inline f32v f32v_add(f32v a, f32v b) {
    return _mm512_add_ps(a, b);
}

static inline f32v f32v_sub(f32v a, f32v b) {
    return _mm512_sub_ps(a, b);
}

static inline f32v f32v_mul(f32v a, f32v b) {
    return _mm512_mul_ps(a, b);
}

static inline f32v f32v_div(f32v a, f32v b) {
    return _mm512_div_ps(a, b);
}

/// a · b + c, rounded once.
static inline f32v f32v_fma(f32v a, f32v b, f32v c) {
    return _mm512_fmadd_ps(a, b, c);
}

/// max(floor, x), and NaN where x is NaN.
static inline f32v f32v_at_least(float floor, f32v x) {
    return _mm512_max_ps(_mm512_set1_ps(floor), x);
}

static inline f32v f32v_max(f32v a, f32v b) {
    return _mm512_max_ps(a, b);
}

/// −|x|.
static inline f32v f32v_minus_abs(f32v x) {
    const __m512i sign = _mm512_set1_epi32(INT32_MIN);
    return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(x), sign));
}

/// `negative` where the sign bit of x is set, else `positive`.
static inline f32v f32v_by_sign(f32v x, f32v negative, f32v positive) {
    const __mmask16 sign = _mm512_cmplt_epi32_mask(_mm512_castps_si512(x), _mm512_setzero_si512());
    return _mm512_mask_blend_ps(sign, positive, negative);
}

/// x · 2ⁿ, where the low bits of `biased` hold the integer n ≥ −127 (n = −127 gives 0).
static inline f32v f32v_times_power(f32v x, f32v biased) {
    const __m512i power = _mm512_slli_epi32(_mm512_castps_si512(biased), 23);
    const __m512i one = _mm512_castps_si512(_mm512_set1_ps(1));
    return _mm512_mul_ps(x, _mm512_castsi512_ps(_mm512_add_epi32(power, one)));
}

/// The lanes' sum, in a fixed order.
static inline float f32v_sum(f32v x) {
    return _mm512_reduce_add_ps(x);
}

static inline float f32v_largest(f32v x) {
    return _mm512_reduce_max_ps(x);
}

static inline f64v f64v_load(const double *p) {
    return _mm512_loadu_pd(p);
}

static inline void f64v_store(double *p, f64v x) {
    _mm512_storeu_pd(p, x);
}

static inline f64v f64v_all(double x) {
    return _mm512_set1_pd(x);
}

static inline f64v f64v_add(f64v a, f64v b) {
    return _mm512_add_pd(a, b);
}

static inline f64v f64v_fma(f64v a, f64v b, f64v c) {
    return _mm512_fmadd_pd(a, b, c);
}

/// The lower and the upper half of the lanes.
static inline f64v f64v_low(f32v x) {
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

static inline f64v f64v_high(f32v x) {
    const __m512d halves = _mm512_castps_pd(x);
    return _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(halves, 1)));
}

static inline double f64v_sum(f64v x) {
    return _mm512_reduce_add_pd(x);
}

#endif
