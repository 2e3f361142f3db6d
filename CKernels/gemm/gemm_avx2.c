#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

typedef struct panel_row {
    __m256 low, high;
} panel_row;

static inline panel_row load_f32(const char *b) {
    const float *const row = (const float *)b;
    return (panel_row){_mm256_load_ps(row), _mm256_load_ps(row + 8)};
}

static inline panel_row load_f16(const char *b) {
    const __m128i *const row = (const __m128i *)b;
    return (panel_row){_mm256_cvtph_ps(_mm_load_si128(row)),
                       _mm256_cvtph_ps(_mm_load_si128(row + 1))};
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

/// 12 accumulators, a row of the panel and one activation fill the 16 registers.
static inline __attribute__((always_inline)) void tile_6x16(const ck_product *product,
                                                            const ck_tile *tile, size_t b_size,
                                                            panel_row (*load)(const char *)) {
    __m256 sum[ROWS][2];
    for (size_t i = 0; i < ROWS; i++) {
        sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    }
    const char *b = tile->panel;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const size_t tap = ck_tap_row(product, ky, kx) * product->stride;
            const float *a[ROWS];
            for (size_t i = 0; i < ROWS; i++) {
                a[i] = (const float *)tile->row[i].a + tap;
            }
#pragma clang loop unroll_count(4)
            for (size_t k = 0; k < product->k; k++) {
                const panel_row row = load(b);
                b += CK_PANEL_FLOAT * b_size;
                for (size_t i = 0; i < ROWS; i++) {
                    const __m256 x = _mm256_broadcast_ss(a[i] + k);
                    sum[i][0] = _mm256_fmadd_ps(x, row.low, sum[i][0]);
                    sum[i][1] = _mm256_fmadd_ps(x, row.high, sum[i][1]);
                }
            }
        }
    }
    const __m256 zero = _mm256_setzero_ps();
    const __m256 low = tile->bias ? _mm256_loadu_ps(tile->bias) : zero;
    const __m256 high = tile->bias ? _mm256_loadu_ps(tile->bias + 8) : zero;
    // A constant count of rows, or the accumulators would have to have addresses.
    for (size_t i = 0; i < ROWS; i++) {
        if (i < tile->rows) {
            store_row(tile->c + i * product->ldc, _mm256_add_ps(sum[i][0], low),
                      _mm256_add_ps(sum[i][1], high), tile->columns);
        }
    }
}

void ck_tile_f32_f32_6x16__avx2(const ck_product *product, const ck_tile *tile) {
    tile_6x16(product, tile, sizeof(float), load_f32);
}

void ck_tile_f32_f16_6x16__avx2(const ck_product *product, const ck_tile *tile) {
    tile_6x16(product, tile, sizeof(uint16_t), load_f16);
}

#pragma clang attribute pop

#endif
