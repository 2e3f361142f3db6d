/// The words that the vector kernels are written in, for AVX2: 8 floats or 4 doubles at a time.
///
/// vector_neon.h has the same words with 4 and 2, so that a kernel's body stands in one
/// `*_vector.h` and each rung's file includes it after its own words, inside its target region.
/// Multiplications and additions are fused only where `fma` says so.
#ifndef CK_VECTOR_AVX2_H
#define CK_VECTOR_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { f32v_lanes = 8, f64v_lanes = 4 };

typedef __m256 f32v;
typedef __m256d f64v;

static inline f32v f32v_load(const float *p) {
    return _mm256_loadu_ps(p);
}

/// Of IEEE binary16.
static inline f32v f32v_load_f16(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}

static inline void f32v_store(float *p, f32v x) {
    _mm256_storeu_ps(p, x);
}

/// The first `count` < f32v_lanes lanes; the others are not touched in memory, and zero in the
/// vector. Part by part: masked instructions take dozens of operations on AMD's processors (stores
/// always, loads where the page behind is not there), and AddressSanitizer does not see them.
static inline f32v f32v_load_some(const float *p, size_t count) {
    const float *last = p + (count & 4);
    __m128 rest = _mm_setzero_ps();
    if (count & 1) {
        rest = _mm_load_ss(last + (count & 2));
    }
    if (count & 2) {
        rest = _mm_loadl_pi(_mm_movelh_ps(rest, rest), (const __m64 *)last);
    }
    if (count & 4) {
        return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), rest, 1);
    }
    return _mm256_insertf128_ps(_mm256_setzero_ps(), rest, 0);
}

static inline void f32v_store_some(float *p, f32v x, size_t count) {
    __m128 part = _mm256_castps256_ps128(x);
    if (count & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps(x, 1);
        p += 4;
    }
    if (count & 2) {
        _mm_storel_pi((__m64 *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (count & 1) {
        _mm_store_ss(p, part);
    }
}

/// Byte `byte` (0 to 3) of each four bytes, a signed integer; the four bytes of lane i are at 4 i.
static inline f32v f32v_from_byte_of_four(const int8_t *p, int byte) {
    const __m256i fours = _mm256_loadu_si256((const __m256i *)p);
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(fours, 24 - 8 * byte), 24));
}

static inline f32v f32v_all(float x) {
    return _mm256_set1_ps(x);
}

static inline f32v f32v_add(f32v a, f32v b) {
    return _mm256_add_ps(a, b);
}

static inline f32v f32v_sub(f32v a, f32v b) {
    return _mm256_sub_ps(a, b);
}

static inline f32v f32v_mul(f32v a, f32v b) {
    return _mm256_mul_ps(a, b);
}

static inline f32v f32v_div(f32v a, f32v b) {
    return _mm256_div_ps(a, b);
}

/// a · b + c, rounded once.
static inline f32v f32v_fma(f32v a, f32v b, f32v c) {
    return _mm256_fmadd_ps(a, b, c);
}

/// max(floor, x), and NaN where x is NaN.
static inline f32v f32v_at_least(float floor, f32v x) {
    return _mm256_max_ps(_mm256_set1_ps(floor), x);
}

static inline f32v f32v_max(f32v a, f32v b) {
    return _mm256_max_ps(a, b);
}

/// −|x|.
static inline f32v f32v_minus_abs(f32v x) {
    return _mm256_or_ps(x, _mm256_set1_ps(-0.0f));
}

/// `negative` where the sign bit of x is set, else `positive`.
static inline f32v f32v_by_sign(f32v x, f32v negative, f32v positive) {
    return _mm256_blendv_ps(positive, negative, x);
}

/// x · 2ⁿ, where the low bits of `biased` hold the integer n ≥ −127 (n = −127 gives 0).
static inline f32v f32v_times_power(f32v x, f32v biased) {
    const __m256i power = _mm256_slli_epi32(_mm256_castps_si256(biased), 23);
    const __m256i one = _mm256_castps_si256(_mm256_set1_ps(1));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_add_epi32(power, one)));
}

/// The lanes' sum, in a fixed order.
static inline float f32v_sum(f32v x) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

static inline float f32v_largest(f32v x) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

static inline f64v f64v_load(const double *p) {
    return _mm256_loadu_pd(p);
}

static inline void f64v_store(double *p, f64v x) {
    _mm256_storeu_pd(p, x);
}

static inline f64v f64v_all(double x) {
    return _mm256_set1_pd(x);
}

static inline f64v f64v_add(f64v a, f64v b) {
    return _mm256_add_pd(a, b);
}

static inline f64v f64v_fma(f64v a, f64v b, f64v c) {
    return _mm256_fmadd_pd(a, b, c);
}

/// The lower and the upper half of the lanes.
static inline f64v f64v_low(f32v x) {
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}

static inline f64v f64v_high(f32v x) {
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}

static inline double f64v_sum(f64v x) {
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

#endif
