#include "../quantize/quantize.h"
#include "gemm_q16_f16.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static void float_row(const ck_product *product, const ck_tile *tile, size_t i) {
    float *const c = tile->c + i * product->ldc;
    float sum[CK_PANEL_FLOAT] = {0};
    if (product->adds) {
        memcpy(sum, c, tile->columns * sizeof *c);
    }
    const float *b = tile->panel;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const float *const a =
                (const float *)tile->row[i].a + ck_tap_row(product, ky, kx) * product->stride;
            for (size_t k = 0; k < product->k; k++, b += CK_PANEL_FLOAT) {
                for (size_t j = 0; j < CK_PANEL_FLOAT; j++) {
                    sum[j] += a[k] * b[j];
                }
            }
        }
    }
    for (size_t j = 0; j < tile->columns; j++) {
        c[j] = sum[j] + (tile->bias ? tile->bias[j] : 0);
    }
}

void ck_tile_f32__reference(const ck_product *product, const ck_tile *tile) {
    for (size_t i = 0; i < tile->rows; i++) {
        float_row(product, tile, i);
    }
}

/// Exact sums of a group's products for the outputs of a panel.
typedef void group_dot(const void *a, const int8_t *b, size_t k, int32_t dot[CK_PANEL_Q8]);

static void group_dot_q16(const void *a, const int8_t *b, size_t k, int32_t dot[CK_PANEL_Q8]) {
    const int16_t *const q = a;
    for (size_t i = 0; i < k; i++) {
        const int8_t *const block = b + i / CK_BLOCK_Q8 * CK_BLOCK_Q8 * CK_PANEL_Q8;
        for (size_t j = 0; j < CK_PANEL_Q8; j++) {
            dot[j] += q[i] * block[j * CK_BLOCK_Q8 + i % CK_BLOCK_Q8];
        }
    }
}

static void group_dot_q8(const void *a, const int8_t *b, size_t k, int32_t dot[CK_PANEL_Q8]) {
    const int8_t *const q = a;
    for (size_t i = 0; i < k; i++) {
        const int8_t *const block = b + i / CK_BLOCK_Q8 * CK_BLOCK_Q8 * CK_PANEL_Q8;
        for (size_t j = 0; j < CK_PANEL_Q8; j++) {
            dot[j] += q[i] * block[j * CK_BLOCK_Q8 + i % CK_BLOCK_Q8];
        }
    }
}

static void add_tap(const ck_product *product, const char *a, const float *a_scale, const int8_t *b,
                    group_dot *dot_of, float sum[CK_PANEL_Q8]) {
    for (size_t g = 0; g < product->groups; g++) {
        const size_t k = product->group_k[g];
        int32_t dot[CK_PANEL_Q8] = {0};
        dot_of(a, b, k, dot);
        for (size_t j = 0; j < CK_PANEL_Q8; j++) {
            sum[j] = fmaf(a_scale[g], (float)dot[j], sum[j]);
        }
        a += k * product->a_size;
        b += k * CK_PANEL_Q8;
    }
}

static void quantized_row(const ck_product *product, const ck_tile *tile, size_t i,
                          group_dot *dot_of) {
    float sum[CK_PANEL_Q8] = {0};
    const int8_t *b = tile->panel;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const size_t tap = ck_tap_row(product, ky, kx);
            const char *const a =
                (const char *)tile->row[i].a + tap * product->stride * product->a_size;
            add_tap(product, a, tile->row[i].a_scale + tap * product->groups, b, dot_of, sum);
            b += product->k * CK_PANEL_Q8;
        }
    }
    for (size_t j = 0; j < tile->columns; j++) {
        tile->c[i * product->ldc + j] =
            fmaf(sum[j], tile->b_scale[j], tile->bias ? tile->bias[j] : 0);
    }
}

void ck_tile_q16_q8__reference(const ck_product *product, const ck_tile *tile) {
    for (size_t i = 0; i < tile->rows; i++) {
        quantized_row(product, tile, i, group_dot_q16);
    }
}

void ck_tile_q8_q8__reference(const ck_product *product, const ck_tile *tile) {
    for (size_t i = 0; i < tile->rows; i++) {
        quantized_row(product, tile, i, group_dot_q8);
    }
}

/// Rounds output j of a panel, `from` [k][16], to `to` [k / 2][16][2].
static void round_output(size_t k, const uint16_t *from, size_t j, float *scale, int16_t *to) {
    float weights[CK_GROUP_MAX], largest = 0;
    for (size_t i = 0; i < k; i++) {
        ck_f32_from_f16(1, from + i * CK_PANEL_FLOAT + j, weights + i);
        largest = fmaxf(largest, fabsf(weights[i]));
    }
    const bool is_zero = largest < CK_QUANTIZE_SMALLEST;
    const float most = q16_f16_most(k), inverse = is_zero ? 0 : most / largest;
    scale[j] = is_zero ? 0 : largest / most;
    for (size_t i = 0; i < k; i++) {
        // The sum's lowest bits are the product, rounded half to even, whatever a weight is.
        const float shifted = fmaf(weights[i], inverse, 0x1.8p23f);
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        to[i / 2 * 2 * CK_PANEL_FLOAT + 2 * j + i % 2] = (int16_t)bits;
    }
}

void ck_arrange_q16_f16__reference(const ck_product *part, const void *b, size_t count, void *to) {
    for (size_t p = 0; p < count; p++) {
        const uint16_t *const from = (const void *)((const char *)b + p * part->panel_bytes);
        char *const panel = (char *)to + CK_Q16_F16_SCALES + p * q16_f16_panel_bytes(part);
        for (size_t j = 0; j < CK_PANEL_FLOAT; j++) {
            round_output(part->k, from, j, (float *)to + p * CK_PANEL_FLOAT, (int16_t *)panel);
        }
    }
}

void ck_tile_q16_f16__reference(const ck_product *part, const ck_tile *tile) {
    const float *const scale = tile->panel;
    const int16_t *const b = (const void *)((const char *)tile->panel + CK_Q16_F16_SCALES);
    for (size_t i = 0; i < tile->rows; i++) {
        const int16_t *const a = (const int16_t *)tile->row[i].a + part->part_a / sizeof *a;
        const float a_scale = tile->row[i].a_scale[part->part_scale];
        for (size_t j = 0; j < tile->columns; j++) {
            uint32_t dot = 0;
            for (size_t k = 0; k < part->k; k++) {
                dot += (uint32_t)(a[k] * b[k / 2 * 2 * CK_PANEL_FLOAT + 2 * j + k % 2]);
            }
            float *const c = tile->c + i * part->ldc + j;
            const float sum = fmaf(a_scale * (float)(int32_t)dot, scale[j], part->adds ? *c : 0);
            *c = sum + (tile->bias ? tile->bias[j] : 0);
        }
    }
}
