/// Words for products of bytes, for NEON with dot products: those of bytes_avx512.h.
#ifndef CK_BYTES_NEON_H
#define CK_BYTES_NEON_H

#include "vector_neon.h"

typedef int32x4_t i32v;

static inline i32v i32v_load(const void *p) {
    return vld1q_s32(p);
}

static inline void i32v_store(void *p, i32v x) {
    vst1q_s32(p, x);
}

static inline i32v i32v_all_bytes(const void *p) {
    return vld1q_dup_s32(p);
}

static inline i32v i32v_zero(void) {
    return vdupq_n_s32(0);
}

static inline i32v i32v_and(i32v a, i32v b) {
    return vandq_s32(a, b);
}

static inline i32v i32v_times(i32v x, int32_t factor) {
    return vmulq_n_s32(x, factor);
}

static inline f32v f32v_from_i32(i32v x) {
    return vcvtq_f32_s32(x);
}

static inline f32v f32v_power(f32v biased) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vreinterpretq_s32_f32(biased), 23));
}

static inline i32v i32v_low_bytes(f32v a, f32v b, f32v c, f32v d) {
    uint32x4_t bytes = vreinterpretq_u32_f32(a);
    bytes = vsliq_n_u32(bytes, vreinterpretq_u32_f32(b), 8);
    bytes = vsliq_n_u32(bytes, vreinterpretq_u32_f32(c), 16);
    bytes = vsliq_n_u32(bytes, vreinterpretq_u32_f32(d), 24);
    return vreinterpretq_s32_u32(bytes);
}

#endif
