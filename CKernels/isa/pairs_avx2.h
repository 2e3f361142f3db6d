/// Words for products of pairs of int16, for AVX2: a lane's 32 bits hold a pair. The rung's file
/// says `i32v_dot_pairs`, a sum and the lane's two products, in its own encoding, or includes
/// pairs_madd_avx2.h.
#ifndef CK_PAIRS_AVX2_H
#define CK_PAIRS_AVX2_H

#include "bytes_avx2.h"

// Sixteen bits for themselves.

static inline i32v i16v_add(i32v a, i32v b) {
    return _mm256_add_epi16(a, b);
}

static inline i32v i16v_sub(i32v a, i32v b) {
    return _mm256_sub_epi16(a, b);
}

/// x · 2ⁿ.
static inline i32v i16v_times_power(i32v x, int n) {
    return _mm256_slli_epi16(x, n);
}

/// Bytes 0 and 1, or 2 and 3, of a lane's four as a pair.
static inline i32v i16v_first_bytes(i32v bytes) {
    const __m256i upper = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13));
    return _mm256_srai_epi16(_mm256_shuffle_epi8(bytes, upper), 8);
}

static inline i32v i16v_last_bytes(i32v bytes) {
    const __m256i upper = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, 2, -1, 3, -1, 6, -1, 7, -1, 10, -1, 11, -1, 14, -1, 15));
    return _mm256_srai_epi16(_mm256_shuffle_epi8(bytes, upper), 8);
}

/// The integers next to all numbers of a and then of b. What is no number or too large gives any
/// integer.
static inline i32v i16v_from_f32(f32v a, f32v b) {
    const __m256i packed = _mm256_packs_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b));
    return _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
}

/// The low halves of a's and b's lanes, side by side.
static inline i32v i32v_low_halves(f32v a, f32v b) {
    return _mm256_blend_epi16(_mm256_castps_si256(a), _mm256_slli_epi32(_mm256_castps_si256(b), 16),
                              0xaa);
}

// Magnitudes are compared as integers, where a NaN is larger than all numbers.

static inline f32v f32v_magnitude(f32v x) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

static inline f32v f32v_larger(f32v a, f32v b) {
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

/// x where `magnitude` is at least `least`, else 0.
static inline f32v f32v_where_at_least(f32v magnitude, float least, f32v x) {
    const __m256i smaller = _mm256_cmpgt_epi32(_mm256_castps_si256(_mm256_set1_ps(least)),
                                               _mm256_castps_si256(magnitude));
    return _mm256_andnot_ps(_mm256_castsi256_ps(smaller), x);
}

/// Lane i is the largest lane of vector i of as many vectors of magnitudes as there are lanes.
static inline f32v f32v_largest_of_each(const f32v *m) {
    f32v fours[2];
    for (size_t i = 0; i < 2; i++) {
        const f32v *of = m + 4 * i;
        const __m256d low = _mm256_castps_pd(
            f32v_larger(_mm256_unpacklo_ps(of[0], of[1]), _mm256_unpackhi_ps(of[0], of[1])));
        const __m256d high = _mm256_castps_pd(
            f32v_larger(_mm256_unpacklo_ps(of[2], of[3]), _mm256_unpackhi_ps(of[2], of[3])));
        fours[i] = f32v_larger(_mm256_castpd_ps(_mm256_unpacklo_pd(low, high)),
                               _mm256_castpd_ps(_mm256_unpackhi_pd(low, high)));
    }
    return f32v_larger(_mm256_permute2f128_ps(fours[0], fours[1], 0x20),
                       _mm256_permute2f128_ps(fours[0], fours[1], 0x31));
}

#endif
