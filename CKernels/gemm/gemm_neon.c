#include "gemm_table.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#define ROWS 6
#define VECTORS (CK_PANEL_FLOAT / 4)

static inline void load_row(const float *c, size_t columns, float32x4_t sum[VECTORS]) {
    float row[CK_PANEL_FLOAT] = {0};
    if (columns < CK_PANEL_FLOAT) {
        memcpy(row, c, columns * sizeof *c);
        c = row;
    }
    for (size_t j = 0; j < VECTORS; j++) {
        sum[j] = vld1q_f32(c + 4 * j);
    }
}

static inline void store_row(float *c, const float32x4_t sum[VECTORS], const float *bias,
                             size_t columns) {
    float row[CK_PANEL_FLOAT];
    float *const to = columns < CK_PANEL_FLOAT ? row : c;
    for (size_t j = 0; j < VECTORS; j++) {
        vst1q_f32(to + 4 * j, vaddq_f32(sum[j], vld1q_f32(bias + 4 * j)));
    }
    if (columns < CK_PANEL_FLOAT) {
        memcpy(c, row, columns * sizeof *c);
    }
}

/// 24 accumulators, a row of the panel and the activations' broadcasts leave a few of the 32
/// registers. Loops over rows have a constant count, or the accumulators would need addresses.
void ck_tile_f32_6x16__neon(const ck_product *product, const ck_tile *tile) {
    float32x4_t sum[ROWS][VECTORS];
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < VECTORS; j++) {
            sum[i][j] = vdupq_n_f32(0);
        }
        if (product->adds && i < tile->rows) {
            load_row(tile->c + i * product->ldc, tile->columns, sum[i]);
        }
    }
    const float *b = tile->panel;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const size_t tap = ck_tap_row(product, ky, kx) * product->stride;
            const float *a[ROWS];
            for (size_t i = 0; i < ROWS; i++) {
                a[i] = (const float *)tile->row[i].a + tap;
            }
            for (size_t k = 0; k < product->k; k++, b += CK_PANEL_FLOAT) {
                float32x4_t row[VECTORS];
                for (size_t j = 0; j < VECTORS; j++) {
                    row[j] = vld1q_f32(b + 4 * j);
                }
                for (size_t i = 0; i < ROWS; i++) {
                    const float32x4_t x = vld1q_dup_f32(a[i] + k);
                    for (size_t j = 0; j < VECTORS; j++) {
                        sum[i][j] = vfmaq_f32(sum[i][j], x, row[j]);
                    }
                }
            }
        }
    }
    const float zeros[CK_PANEL_FLOAT] = {0};
    const float *const bias = tile->bias ? tile->bias : zeros;
    for (size_t i = 0; i < ROWS; i++) {
        if (i < tile->rows) {
            store_row(tile->c + i * product->ldc, sum[i], bias, tile->columns);
        }
    }
}

#endif
