#include "ceiling_loop.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

static inline __m512 add_f32(__m512 sum, __m512 x, __m512 y) {
    return _mm512_fmadd_ps(x, y, sum);
}

CK_CEILING_LOOP(ck_ceiling_f32__avx512_vnni, __m512, __m512, _mm512_set1_ps(0.5f), add_f32)
CK_CEILING_LOOP(ck_ceiling_int8__avx512_vnni, __m512i, __m512i, _mm512_set1_epi8(3),
                _mm512_dpbusd_epi32)
CK_CEILING_LOOP(ck_ceiling_int8__avx512_vnni_256, __m256i, __m256i, _mm256_set1_epi8(3),
                _mm256_dpbusd_epi32)

#pragma clang attribute pop

#endif
