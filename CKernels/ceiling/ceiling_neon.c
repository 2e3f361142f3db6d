#include "ceiling_table.h"

#if defined(__aarch64__)

#include <arm_neon.h>

/// Hides from the compiler what a register holds, so that no product is computed only once.
#define HIDE(x) __asm__ volatile("" : "+w"(x))

void ck_ceiling_f32__neon(size_t rounds) {
    float32x4_t sum[ck_ceiling_sums] = {0}, x = vdupq_n_f32(0.5f), y = vdupq_n_f32(0.25f);
    while (rounds-- > 0) {
        for (int i = 0; i < ck_ceiling_sums; i++) {
            HIDE(x);
            sum[i] = vfmaq_f32(sum[i], x, y);
        }
    }
    for (int i = 0; i < ck_ceiling_sums; i++) {
        HIDE(sum[i]);
    }
}

void ck_ceiling_int16__neon(size_t rounds) {
    int32x4_t sum[ck_ceiling_sums] = {0};
    int16x4_t x = vdup_n_s16(3), y = vdup_n_s16(5);
    while (rounds-- > 0) {
        for (int i = 0; i < ck_ceiling_sums; i++) {
            HIDE(x);
            sum[i] = vmlal_s16(sum[i], x, y);
        }
    }
    for (int i = 0; i < ck_ceiling_sums; i++) {
        HIDE(sum[i]);
    }
}

void ck_ceiling_int8__neon(size_t rounds) {
    int32x4_t sum[ck_ceiling_sums] = {0};
    int8x8_t x = vdup_n_s8(3), y = vdup_n_s8(5);
    while (rounds-- > 0) {
        for (int i = 0; i < ck_ceiling_sums; i++) {
            HIDE(x);
            sum[i] = vpadalq_s16(sum[i], vmull_s8(x, y));
        }
    }
    for (int i = 0; i < ck_ceiling_sums; i++) {
        HIDE(sum[i]);
    }
}

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

void ck_ceiling_int8__neon_dotprod(size_t rounds) {
    int32x4_t sum[ck_ceiling_sums] = {0};
    int8x16_t x = vdupq_n_s8(3), y = vdupq_n_s8(5);
    while (rounds-- > 0) {
        for (int i = 0; i < ck_ceiling_sums; i++) {
            HIDE(x);
            sum[i] = vdotq_s32(sum[i], x, y);
        }
    }
    for (int i = 0; i < ck_ceiling_sums; i++) {
        HIDE(sum[i]);
    }
}

#pragma clang attribute pop

#endif
