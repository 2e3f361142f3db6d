/// The words of pairs_avx2.h for AVX-512.
#ifndef CK_PAIRS_AVX512_H
#define CK_PAIRS_AVX512_H

#include "bytes_avx512.h"

static inline i32v i32v_dot_pairs(i32v sum, i32v a, i32v b) {
    return _mm512_dpwssd_epi32(sum, a, b);
}

static inline i32v i16v_add(i32v a, i32v b) {
    return _mm512_add_epi16(a, b);
}

static inline i32v i16v_sub(i32v a, i32v b) {
    return _mm512_sub_epi16(a, b);
}

static inline i32v i16v_times_power(i32v x, int n) {
    return _mm512_slli_epi16(x, (unsigned)n);
}

static inline i32v i16v_first_bytes(i32v bytes) {
    const __m512i upper = _mm512_broadcast_i32x4(
        _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13));
    return _mm512_srai_epi16(_mm512_shuffle_epi8(bytes, upper), 8);
}

static inline i32v i16v_last_bytes(i32v bytes) {
    const __m512i upper = _mm512_broadcast_i32x4(
        _mm_setr_epi8(-1, 2, -1, 3, -1, 6, -1, 7, -1, 10, -1, 11, -1, 14, -1, 15));
    return _mm512_srai_epi16(_mm512_shuffle_epi8(bytes, upper), 8);
}

static inline i32v i16v_from_f32(f32v a, f32v b) {
    const __m512i packed = _mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b));
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed);
}

static inline i32v i32v_low_halves(f32v a, f32v b) {
    const __m512i upper = _mm512_slli_epi32(_mm512_castps_si512(b), 16);
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_castps_si512(a), upper);
}

static inline f32v f32v_magnitude(f32v x) {
    return _mm512_abs_ps(x);
}

static inline f32v f32v_larger(f32v a, f32v b) {
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

static inline f32v f32v_where_at_least(f32v magnitude, float least, f32v x) {
    const __m512i bits = _mm512_castps_si512(_mm512_set1_ps(least));
    return _mm512_maskz_mov_ps(_mm512_cmpge_epi32_mask(_mm512_castps_si512(magnitude), bits), x);
}

/// The larger of the halves of a, then that of b, lane by lane.
static inline f32v f32v_fold(f32v a, f32v b) {
    return f32v_larger(_mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(1, 0, 1, 0)),
                       _mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(3, 2, 3, 2)));
}

static inline f32v f32v_largest_of_each(const f32v *m) {
    f32v fours[2];
    for (size_t i = 0; i < 2; i++) {
        f32v of[4];
        for (size_t j = 0; j < 4; j++) {
            of[j] = f32v_fold(m[4 * i + j], m[8 + 4 * i + j]);
        }
        const __m512d low = _mm512_castps_pd(
            f32v_larger(_mm512_unpacklo_ps(of[0], of[1]), _mm512_unpackhi_ps(of[0], of[1])));
        const __m512d high = _mm512_castps_pd(
            f32v_larger(_mm512_unpacklo_ps(of[2], of[3]), _mm512_unpackhi_ps(of[2], of[3])));
        fours[i] = f32v_larger(_mm512_castpd_ps(_mm512_unpacklo_pd(low, high)),
                               _mm512_castpd_ps(_mm512_unpackhi_pd(low, high)));
    }
    // 128 bits each: the first four vectors' and the third four's, then the second's and last's.
    const f32v mixed =
        f32v_larger(_mm512_shuffle_f32x4(fours[0], fours[1], _MM_SHUFFLE(2, 0, 2, 0)),
                    _mm512_shuffle_f32x4(fours[0], fours[1], _MM_SHUFFLE(3, 1, 3, 1)));
    return _mm512_shuffle_f32x4(mixed, mixed, _MM_SHUFFLE(3, 1, 2, 0));
}

#endif
