#include "gemm_table.h"

#if defined(__aarch64__)

#include "../isa/tile_neon.h"

#include <string.h>

static inline void load_row(const float *c, size_t columns, f32v sum[panel_vectors]) {
    float row[CK_PANEL_FLOAT] = {0};
    if (columns < CK_PANEL_FLOAT) {
        memcpy(row, c, columns * sizeof *c);
        c = row;
    }
    for (size_t j = 0; j < panel_vectors; j++) {
        sum[j] = vld1q_f32(c + 4 * j);
    }
}

static inline void store_row(float *c, const f32v sum[panel_vectors], const float *bias,
                             size_t columns) {
    float row[CK_PANEL_FLOAT];
    float *const to = columns < CK_PANEL_FLOAT ? row : c;
    for (size_t j = 0; j < panel_vectors; j++) {
        vst1q_f32(to + 4 * j, vaddq_f32(sum[j], vld1q_f32(bias + 4 * j)));
    }
    if (columns < CK_PANEL_FLOAT) {
        memcpy(c, row, columns * sizeof *c);
    }
}

/// Loops over rows have a constant count, or the accumulators would need addresses.
void ck_tile_f32_5x16__neon(const ck_product *product, const ck_tile *tile) {
    f32v sum[wide_rows][panel_vectors];
    for (size_t i = 0; i < wide_rows; i++) {
        for (size_t j = 0; j < panel_vectors; j++) {
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
            const float *a[wide_rows];
            for (size_t i = 0; i < wide_rows; i++) {
                a[i] = (const float *)tile->row[i].a + tap;
            }
            multiply((tile_shape){wide_rows, 1, CK_PANEL_FLOAT}, product->k, a, b, 0, sum);
            b += product->k * CK_PANEL_FLOAT;
        }
    }
    const float zeros[CK_PANEL_FLOAT] = {0};
    const float *const bias = tile->bias ? tile->bias : zeros;
    for (size_t i = 0; i < wide_rows; i++) {
        if (i < tile->rows) {
            store_row(tile->c + i * product->ldc, sum[i], bias, tile->columns);
        }
    }
}

#endif
