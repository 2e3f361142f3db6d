#include "ceiling_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

/// Hides from the compiler what a register holds, so that no product is computed only once.
#define HIDE(x) __asm__ volatile("" : "+x"(x))

void ck_ceiling_f32_256__avx2(size_t rounds) {
    __m256 sum[ck_ceiling_sums] = {0}, x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(0.25f);
    while (rounds-- > 0) {
        for (int i = 0; i < ck_ceiling_sums; i++) {
            HIDE(x);
            sum[i] = _mm256_fmadd_ps(x, y, sum[i]);
        }
    }
    for (int i = 0; i < ck_ceiling_sums; i++) {
        HIDE(sum[i]);
    }
}

void ck_ceiling_int16_256__avx2(size_t rounds) {
    __m256i sum[ck_ceiling_sums] = {0}, x = _mm256_set1_epi16(3), y = _mm256_set1_epi16(5);
    while (rounds-- > 0) {
        for (int i = 0; i < ck_ceiling_sums; i++) {
            HIDE(x);
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(x, y));
        }
    }
    for (int i = 0; i < ck_ceiling_sums; i++) {
        HIDE(sum[i]);
    }
}

#pragma clang attribute pop

#endif
