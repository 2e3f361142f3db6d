#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

static inline __m256i multiply_add(__m256i sum, __m256i weights, __m256i x) {
    return _mm256_dpbusd_avx_epi32(sum, weights, x);
}

#include "gemm_vnni256.h"

void ck_arrange_q8_2x8__avx_vnni(const ck_product *part, const void *b, size_t count, void *to) {
    arrange_unsigned(part, b, count, to, vnni256_panels);
}

void ck_tile_q8_q8_6x16__avx_vnni(const ck_product *part, const ck_tile *tile) {
    tile_6x16(part, tile);
}

#pragma clang attribute pop

#endif
