#include "ceiling_loop.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

CK_CEILING_LOOP(ck_ceiling_int8__avx_vnni, __m256i, __m256i, _mm256_set1_epi8(3),
                _mm256_dpbusd_avx_epi32)

#pragma clang attribute pop

#endif
