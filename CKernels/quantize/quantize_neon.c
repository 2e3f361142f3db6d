#include "quantize_table.h"

#if defined(__aarch64__)

#include "../isa/vector_neon.h"

#include <string.h>

static float largest_magnitude(size_t count, const float *x) {
    float32x4_t largest[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        largest[0] = vmaxq_f32(largest[0], vabsq_f32(vld1q_f32(x + i)));
        largest[1] = vmaxq_f32(largest[1], vabsq_f32(vld1q_f32(x + i + 4)));
    }
    if (i + 4 <= count) {
        largest[0] = vmaxq_f32(largest[0], vabsq_f32(vld1q_f32(x + i)));
        i += 4;
    }
    if (i < count) {
        largest[1] = vmaxq_f32(largest[1], vabsq_f32(f32v_load_some(x + i, count - i)));
    }
    return vmaxvq_f32(vmaxq_f32(largest[0], largest[1]));
}

/// Four integers within ±limit. Only what is no finite number meets the limits: a finite product
/// exceeds them by less than a rounding.
static inline int16x4_t rounded(float32x4_t x, float inverse, int16_t limit) {
    const int16x4_t q = vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(x, inverse)));
    return vmax_s16(vmin_s16(q, vdup_n_s16(limit)), vdup_n_s16((int16_t)-limit));
}

static inline int16x8_t rounded_eight(const float *x, float inverse, int16_t limit) {
    return vcombine_s16(rounded(vld1q_f32(x), inverse, limit),
                        rounded(vld1q_f32(x + 4), inverse, limit));
}

static float quantize_q16__neon(size_t count, const float *x, int16_t *q) {
    const float largest = largest_magnitude(count, x), limit = 2047;
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        return 0;
    }
    const float inverse = limit / largest;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        vst1q_s16(q + i, rounded_eight(x + i, inverse, (int16_t)limit));
    }
    if (i < count) {
        float rest[8] = {0};
        int16_t last[8];
        memcpy(rest, x + i, (count - i) * sizeof *x);
        vst1q_s16(last, rounded_eight(rest, inverse, (int16_t)limit));
        memcpy(q + i, last, (count - i) * sizeof *q);
    }
    return largest / limit;
}

static float quantize_q8__neon(size_t count, const float *x, int8_t *q, int32_t *sum) {
    const float largest = largest_magnitude(count, x), limit = 127;
    if (largest < CK_QUANTIZE_SMALLEST) {
        memset(q, 0, count * sizeof *q);
        *sum = 0;
        return 0;
    }
    const float inverse = limit / largest;
    int32x4_t total = vdupq_n_s32(0);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const int16x8_t wide = rounded_eight(x + i, inverse, (int16_t)limit);
        vst1_s8(q + i, vmovn_s16(wide));
        total = vpadalq_s16(total, wide);
    }
    if (i < count) {
        float rest[8] = {0};
        int8_t last[8];
        memcpy(rest, x + i, (count - i) * sizeof *x);
        const int16x8_t wide = rounded_eight(rest, inverse, (int16_t)limit);
        vst1_s8(last, vmovn_s16(wide));
        memcpy(q + i, last, (count - i) * sizeof *q);
        total = vpadalq_s16(total, wide);
    }
    *sum = vaddvq_s32(total);
    return largest / limit;
}

static void dequantize_q8__neon(size_t count, const int8_t *q, float scale, float *x) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const int16x8_t wide = vmovl_s8(vld1_s8(q + i));
        const int32x4_t low = vmovl_s16(vget_low_s16(wide)), high = vmovl_high_s16(wide);
        vst1q_f32(x + i, vmulq_n_f32(vcvtq_f32_s32(low), scale));
        vst1q_f32(x + i + 4, vmulq_n_f32(vcvtq_f32_s32(high), scale));
    }
    for (; i < count; i++) {
        x[i] = (float)q[i] * scale;
    }
}

static inline float32x4_t from_halves(uint16x4_t halves) {
    return vcvt_f32_f16(vreinterpret_f16_u16(halves));
}

static inline uint16x4_t to_halves(float32x4_t x) {
    return vreinterpret_u16_f16(vcvt_f16_f32(x));
}

static void f32_from_f16__neon(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        vst1q_f32(y + i, from_halves(vld1_u16(x + i)));
    }
    uint16_t last[4] = {0};
    memcpy(last, x + i, (count - i) * sizeof *x);
    f32v_store_some(y + i, from_halves(vld1_u16(last)), count - i);
}

static void f16_from_f32__neon(size_t count, const float *x, uint16_t *y) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        vst1_u16(y + i, to_halves(vld1q_f32(x + i)));
    }
    uint16_t last[4];
    vst1_u16(last, to_halves(f32v_load_some(x + i, count - i)));
    memcpy(y + i, last, (count - i) * sizeof *y);
}

void ck_fill_quantize__neon(ck_quantize_table *table) {
    *table = (ck_quantize_table){
        .quantize_q16 = quantize_q16__neon,
        .quantize_q8 = quantize_q8__neon,
        .dequantize_q8 = dequantize_q8__neon,
        .f32_from_f16 = f32_from_f16__neon,
        .f16_from_f32 = f16_from_f32__neon,
    };
}

#endif
