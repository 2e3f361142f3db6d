#include "ceiling_loop.h"

#if defined(__aarch64__)

#include <arm_neon.h>

static inline int32x4_t add_int8(int32x4_t sum, int8x8_t x, int8x8_t y) {
    return vpadalq_s16(sum, vmull_s8(x, y));
}

CK_CEILING_LOOP(ck_ceiling_f32__neon, float32x4_t, float32x4_t, vdupq_n_f32(0.5f), vfmaq_f32)
CK_CEILING_LOOP(ck_ceiling_int16__neon, int32x4_t, int16x4_t, vdup_n_s16(3), vmlal_s16)
CK_CEILING_LOOP(ck_ceiling_int8__neon, int32x4_t, int8x8_t, vdup_n_s8(3), add_int8)

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

CK_CEILING_LOOP(ck_ceiling_int8__neon_dotprod, int32x4_t, int8x16_t, vdupq_n_s8(3), vdotq_s32)

#pragma clang attribute pop

#endif
