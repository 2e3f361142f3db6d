/// The words that the vector kernels are written in, for NEON: 4 floats or 2 doubles at a time.
/// vector_avx2.h explains them.
#ifndef CK_VECTOR_NEON_H
#define CK_VECTOR_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

enum { f32v_lanes = 4, f64v_lanes = 2 };

typedef float32x4_t f32v;
typedef float64x2_t f64v;

static inline f32v f32v_load(const float *p) {
    return vld1q_f32(p);
}

static inline f32v f32v_load_f16(const uint16_t *p) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}

static inline void f32v_store(float *p, f32v x) {
    vst1q_f32(p, x);
}

/// The first `count` < f32v_lanes lanes; the others are not touched in memory, and zero in the
/// vector.
static inline f32v f32v_load_some(const float *p, size_t count) {
    f32v x = vdupq_n_f32(0);
    if (count > 0) {
        x = vld1q_lane_f32(p, x, 0);
    }
    if (count > 1) {
        x = vld1q_lane_f32(p + 1, x, 1);
    }
    if (count > 2) {
        x = vld1q_lane_f32(p + 2, x, 2);
    }
    return x;
}

static inline void f32v_store_some(float *p, f32v x, size_t count) {
    if (count > 0) {
        vst1q_lane_f32(p, x, 0);
    }
    if (count > 1) {
        vst1q_lane_f32(p + 1, x, 1);
    }
    if (count > 2) {
        vst1q_lane_f32(p + 2, x, 2);
    }
}

/// Byte `byte` (0 to 3) of each four bytes, a signed integer; the four bytes of lane i are at 4 i.
static inline f32v f32v_from_byte_of_four(const int8_t *p, int byte) {
    const int32x4_t fours = vreinterpretq_s32_s8(vld1q_s8(p));
    return vcvtq_f32_s32(vshrq_n_s32(vshlq_s32(fours, vdupq_n_s32(24 - 8 * byte)), 24));
}

static inline f32v f32v_all(float x) {
    return vdupq_n_f32(x);
}

static inline f32v f32v_add(f32v a, f32v b) {
    return vaddq_f32(a, b);
}

static inline f32v f32v_sub(f32v a, f32v b) {
    return vsubq_f32(a, b);
}

static inline f32v f32v_mul(f32v a, f32v b) {
    return vmulq_f32(a, b);
}

static inline f32v f32v_div(f32v a, f32v b) {
    return vdivq_f32(a, b);
}

/// a · b + c, rounded once.
static inline f32v f32v_fma(f32v a, f32v b, f32v c) {
    return vfmaq_f32(c, a, b);
}

/// max(floor, x), and NaN where x is NaN.
static inline f32v f32v_at_least(float floor, f32v x) {
    return vmaxq_f32(vdupq_n_f32(floor), x);
}

static inline f32v f32v_max(f32v a, f32v b) {
    return vmaxq_f32(a, b);
}

/// −|x|.
static inline f32v f32v_minus_abs(f32v x) {
    const uint32x4_t sign = vdupq_n_u32(0x80000000);
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(x), sign));
}

/// `negative` where the sign bit of x is set, else `positive`.
static inline f32v f32v_by_sign(f32v x, f32v negative, f32v positive) {
    return vbslq_f32(vcltzq_s32(vreinterpretq_s32_f32(x)), negative, positive);
}

/// x · 2ⁿ, where the low bits of `biased` hold the integer n ≥ −127 (n = −127 gives 0).
static inline f32v f32v_times_power(f32v x, f32v biased) {
    const int32x4_t power = vshlq_n_s32(vreinterpretq_s32_f32(biased), 23);
    const int32x4_t one = vreinterpretq_s32_f32(vdupq_n_f32(1));
    return vmulq_f32(x, vreinterpretq_f32_s32(vaddq_s32(power, one)));
}

/// The lanes' sum, in a fixed order.
static inline float f32v_sum(f32v x) {
    return vaddvq_f32(x);
}

static inline float f32v_largest(f32v x) {
    return vmaxvq_f32(x);
}

static inline f64v f64v_load(const double *p) {
    return vld1q_f64(p);
}

static inline void f64v_store(double *p, f64v x) {
    vst1q_f64(p, x);
}

static inline f64v f64v_all(double x) {
    return vdupq_n_f64(x);
}

static inline f64v f64v_add(f64v a, f64v b) {
    return vaddq_f64(a, b);
}

static inline f64v f64v_fma(f64v a, f64v b, f64v c) {
    return vfmaq_f64(c, a, b);
}

/// The lower and the upper half of the lanes.
static inline f64v f64v_low(f32v x) {
    return vcvt_f64_f32(vget_low_f32(x));
}

static inline f64v f64v_high(f32v x) {
    return vcvt_high_f64_f32(x);
}

static inline double f64v_sum(f64v x) {
    return vaddvq_f64(x);
}

#endif
