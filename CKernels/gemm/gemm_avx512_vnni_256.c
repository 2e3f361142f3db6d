/// The 256-bit source in the EVEX encoding: what `avx-vnni` computes, on a processor that has the
/// instructions as a part of AVX-512 only.
#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512vl,avx512vnni"))),         \
                             apply_to = function)

static inline __m256i multiply_add(__m256i sum, __m256i weights, __m256i x) {
    return _mm256_dpbusd_epi32(sum, weights, x);
}

#include "gemm_vnni256.h"

#include "../isa/pairs_avx2.h"

static inline i32v i32v_dot_pairs(i32v sum, i32v a, i32v b) {
    return _mm256_dpwssd_epi32(sum, a, b);
}

enum { most_rows = 6, most_panels = 1 };

#include "gemm_q16_f16_vector.h"

void ck_tile_q16_f16_6x16__avx512_vnni_256(const ck_product *part, const ck_tile *tile) {
    tile_q16_f16(part, tile);
}

void ck_arrange_q8_2x8__avx512_vnni_256(const ck_product *part, const void *b, size_t count,
                                        void *to) {
    arrange_unsigned(part, b, count, to, vnni256_panels);
}

void ck_tile_q8_q8_6x16__avx512_vnni_256(const ck_product *part, const ck_tile *tile) {
    tile_6x16(part, tile);
}

#pragma clang attribute pop

#endif
