#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

static inline void load_row(const float *c, size_t columns, __m256 sum[2]) {
    float row[CK_PANEL_FLOAT] = {0};
    if (columns < CK_PANEL_FLOAT) {
        memcpy(row, c, columns * sizeof *c);
        c = row;
    }
    sum[0] = _mm256_loadu_ps(c);
    sum[1] = _mm256_loadu_ps(c + 8);
}

static inline void store_row(float *c, __m256 low, __m256 high, size_t columns) {
    if (columns == CK_PANEL_FLOAT) {
        _mm256_storeu_ps(c, low);
        _mm256_storeu_ps(c + 8, high);
        return;
    }
    float row[CK_PANEL_FLOAT];
    _mm256_storeu_ps(row, low);
    _mm256_storeu_ps(row + 8, high);
    memcpy(c, row, columns * sizeof *c);
}

/// 12 accumulators, a row of the panel and one activation fill the 16 registers. Loops over rows
/// have a constant count, or the accumulators would need addresses.
void ck_tile_f32_6x16__avx2(const ck_product *product, const ck_tile *tile) {
    __m256 sum[ROWS][2];
    for (size_t i = 0; i < ROWS; i++) {
        sum[i][0] = sum[i][1] = _mm256_setzero_ps();
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
#pragma clang loop unroll_count(4)
            for (size_t k = 0; k < product->k; k++, b += CK_PANEL_FLOAT) {
                const __m256 low = _mm256_load_ps(b);
                const __m256 high = _mm256_load_ps(b + 8);
                for (size_t i = 0; i < ROWS; i++) {
                    const __m256 x = _mm256_broadcast_ss(a[i] + k);
                    sum[i][0] = _mm256_fmadd_ps(x, low, sum[i][0]);
                    sum[i][1] = _mm256_fmadd_ps(x, high, sum[i][1]);
                }
            }
        }
    }
    const __m256 zero = _mm256_setzero_ps();
    const __m256 low = tile->bias ? _mm256_loadu_ps(tile->bias) : zero;
    const __m256 high = tile->bias ? _mm256_loadu_ps(tile->bias + 8) : zero;
    for (size_t i = 0; i < ROWS; i++) {
        if (i < tile->rows) {
            store_row(tile->c + i * product->ldc, _mm256_add_ps(sum[i][0], low),
                      _mm256_add_ps(sum[i][1], high), tile->columns);
        }
    }
}

#pragma clang attribute pop

#endif
