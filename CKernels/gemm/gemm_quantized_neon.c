#include "gemm_table.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#define MOST_ROWS 8

/// Where the current group of a row begins.
typedef struct group {
    size_t a_offset, scale_offset, k;
} group;

/// Eight outputs of a row: outputs 0–3 and 4–7.
typedef struct eight {
    float32x4_t low, high;
} eight;

/// Sums a group for all rows of a tile and adds it, scaled, to `sum`.
typedef void add_group(const ck_row *row, group group, const int8_t *b, eight *sum);

static inline eight add_scaled(eight sum, const ck_row *row, group group, int32x4_t low,
                               int32x4_t high) {
    const float scale = row->a_scale[group.scale_offset];
    return (eight){vfmaq_n_f32(sum.low, vcvtq_f32_s32(low), scale),
                   vfmaq_n_f32(sum.high, vcvtq_f32_s32(high), scale)};
}

static inline void store_row(float *c, eight sum, const ck_tile *tile) {
    const float32x4_t zero = vdupq_n_f32(0);
    const float32x4_t low = tile->bias ? vld1q_f32(tile->bias) : zero;
    const float32x4_t high = tile->bias ? vld1q_f32(tile->bias + 4) : zero;
    float row[CK_PANEL_Q8];
    float *const to = tile->columns < CK_PANEL_Q8 ? row : c;
    vst1q_f32(to, vfmaq_f32(low, sum.low, vld1q_f32(tile->b_scale)));
    vst1q_f32(to + 4, vfmaq_f32(high, sum.high, vld1q_f32(tile->b_scale + 4)));
    if (tile->columns < CK_PANEL_Q8) {
        memcpy(c, row, tile->columns * sizeof *c);
    }
}

static inline __attribute__((always_inline)) void
add_groups(const ck_product *product, const ck_tile *tile, size_t rows, add_group *add) {
    eight sum[MOST_ROWS];
    for (size_t i = 0; i < rows; i++) {
        sum[i] = (eight){vdupq_n_f32(0), vdupq_n_f32(0)};
    }
    const int8_t *b = tile->panel;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const size_t tap = ck_tap_row(product, ky, kx);
            group group = {tap * product->stride, tap * product->groups, 0};
            for (size_t g = 0; g < product->groups; g++) {
                group.k = product->group_k[g];
                add(tile->row, group, b, sum);
                b += group.k * CK_PANEL_Q8;
                group.a_offset += group.k;
                group.scale_offset++;
            }
        }
    }
    for (size_t i = 0; i < tile->rows; i++) {
        store_row(tile->c + i * product->ldc, sum[i], tile);
    }
}

/// De-interleaving a block puts the eight outputs of one k side by side, and a lane of the row's
/// four activations multiplies them: no sums across lanes.
static inline __attribute__((always_inline)) void add_group_q16_8x8(const ck_row *row, group group,
                                                                    const int8_t *b, eight *sum) {
    enum { rows = 8 };
    const int16_t *a[rows];
    int32x4_t low[rows], high[rows];
    for (size_t i = 0; i < rows; i++) {
        a[i] = (const int16_t *)row[i].a + group.a_offset;
        low[i] = high[i] = vdupq_n_s32(0);
    }
    for (size_t k = 0; k < group.k; k += CK_BLOCK_Q8, b += CK_BLOCK_Q8 * CK_PANEL_Q8) {
        const int8x8x4_t block = vld4_s8(b);
        const int16x8_t b0 = vmovl_s8(block.val[0]), b1 = vmovl_s8(block.val[1]);
        const int16x8_t b2 = vmovl_s8(block.val[2]), b3 = vmovl_s8(block.val[3]);
        for (size_t i = 0; i < rows; i++) {
            const int16x4_t x = vld1_s16(a[i] + k);
            low[i] = vmlal_lane_s16(low[i], vget_low_s16(b0), x, 0);
            high[i] = vmlal_high_lane_s16(high[i], b0, x, 0);
            low[i] = vmlal_lane_s16(low[i], vget_low_s16(b1), x, 1);
            high[i] = vmlal_high_lane_s16(high[i], b1, x, 1);
            low[i] = vmlal_lane_s16(low[i], vget_low_s16(b2), x, 2);
            high[i] = vmlal_high_lane_s16(high[i], b2, x, 2);
            low[i] = vmlal_lane_s16(low[i], vget_low_s16(b3), x, 3);
            high[i] = vmlal_high_lane_s16(high[i], b3, x, 3);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        sum[i] = add_scaled(sum[i], &row[i], group, low[i], high[i]);
    }
}

void ck_tile_q16_q8_8x8__neon(const ck_product *product, const ck_tile *tile) {
    add_groups(product, tile, 8, add_group_q16_8x8);
}

/// Four activations, twice. They lie at any byte.
static inline int8x8_t twice(const int8_t *a) {
    int32_t word;
    memcpy(&word, a, sizeof word);
    return vreinterpret_s8_s32(vdup_n_s32(word));
}

/// Two products of int8 fit int16, so two blocks share the step to int32. A sum holds a pair of
/// outputs, each one's even and odd pairs of k side by side until the end. More rows than three
/// would not leave registers for the products on their way.
static inline __attribute__((always_inline)) void add_group_q8_3x8(const ck_row *row, group group,
                                                                   const int8_t *b, eight *sum) {
    enum { rows = 3, pairs = 4, pair = CK_BLOCK_Q8 * CK_PANEL_Q8 / pairs };
    const int8_t *a[rows];
    int32x4_t dot[rows][pairs];
    for (size_t i = 0; i < rows; i++) {
        a[i] = (const int8_t *)row[i].a + group.a_offset;
        for (size_t j = 0; j < pairs; j++) {
            dot[i][j] = vdupq_n_s32(0);
        }
    }
    size_t k = 0;
    for (; k + CK_BLOCK_Q8 < group.k; k += 2 * CK_BLOCK_Q8, b += 2 * pairs * pair) {
        for (size_t i = 0; i < rows; i++) {
            const int8x8_t x = twice(a[i] + k), y = twice(a[i] + k + CK_BLOCK_Q8);
            for (size_t j = 0; j < pairs; j++) {
                const int16x8_t products = vmull_s8(vld1_s8(b + j * pair), x);
                dot[i][j] =
                    vpadalq_s16(dot[i][j], vmlal_s8(products, vld1_s8(b + (pairs + j) * pair), y));
            }
        }
    }
    if (k < group.k) {
        for (size_t i = 0; i < rows; i++) {
            const int8x8_t x = twice(a[i] + k);
            for (size_t j = 0; j < pairs; j++) {
                dot[i][j] = vpadalq_s16(dot[i][j], vmull_s8(vld1_s8(b + j * pair), x));
            }
        }
    }
    for (size_t i = 0; i < rows; i++) {
        sum[i] = add_scaled(sum[i], &row[i], group, vpaddq_s32(dot[i][0], dot[i][1]),
                            vpaddq_s32(dot[i][2], dot[i][3]));
    }
}

void ck_tile_q8_q8_3x8__neon(const ck_product *product, const ck_tile *tile) {
    add_groups(product, tile, 3, add_group_q8_3x8);
}

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

/// Four activations, four times. They lie at any byte.
static inline int8x16_t four_times(const int8_t *a) {
    int32_t word;
    memcpy(&word, a, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

static inline __attribute__((always_inline)) void
add_group_q8_8x8__dotprod(const ck_row *row, group group, const int8_t *b, eight *sum) {
    enum { rows = 8, step = 4 * CK_BLOCK_Q8 };
    const int8_t *a[rows];
    int32x4_t low[rows], high[rows];
    for (size_t i = 0; i < rows; i++) {
        a[i] = (const int8_t *)row[i].a + group.a_offset;
        low[i] = high[i] = vdupq_n_s32(0);
    }
    size_t k = 0;
    for (; k + step <= group.k; k += step, b += step * CK_PANEL_Q8) {
        int8x16_t half[8];
        for (size_t j = 0; j < 8; j++) {
            half[j] = vld1q_s8(b + 16 * j);
        }
        for (size_t i = 0; i < rows; i++) {
            const int8x16_t x = vld1q_s8(a[i] + k);
            low[i] = vdotq_laneq_s32(low[i], half[0], x, 0);
            high[i] = vdotq_laneq_s32(high[i], half[1], x, 0);
            low[i] = vdotq_laneq_s32(low[i], half[2], x, 1);
            high[i] = vdotq_laneq_s32(high[i], half[3], x, 1);
            low[i] = vdotq_laneq_s32(low[i], half[4], x, 2);
            high[i] = vdotq_laneq_s32(high[i], half[5], x, 2);
            low[i] = vdotq_laneq_s32(low[i], half[6], x, 3);
            high[i] = vdotq_laneq_s32(high[i], half[7], x, 3);
        }
    }
    for (; k < group.k; k += CK_BLOCK_Q8, b += CK_BLOCK_Q8 * CK_PANEL_Q8) {
        const int8x16_t b_low = vld1q_s8(b), b_high = vld1q_s8(b + 16);
        for (size_t i = 0; i < rows; i++) {
            const int8x16_t x = four_times(a[i] + k);
            low[i] = vdotq_s32(low[i], b_low, x);
            high[i] = vdotq_s32(high[i], b_high, x);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        sum[i] = add_scaled(sum[i], &row[i], group, low[i], high[i]);
    }
}

void ck_tile_q8_q8_8x8__neon_dotprod(const ck_product *product, const ck_tile *tile) {
    add_groups(product, tile, 8, add_group_q8_8x8__dotprod);
}

#pragma clang attribute pop

#endif
