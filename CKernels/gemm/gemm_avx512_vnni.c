/// The 512-bit micro-kernels, with 24 of the 32 registers for sums: 6 rows by 64 outputs in
/// integers, where that leaves a general register for each row, 12 rows by 32 outputs in float32.
#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define ROWS 12
#define ROWS_Q8 6
#define VECTORS_Q8 4
#define VECTOR 16

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

#include "gemm_vnni.h"

#include "../isa/pairs_avx512.h"

enum { most_rows = ROWS, most_panels = 2 };

#include "gemm_q16_f16_vector.h"

void ck_arrange_q16_f16__avx512_vnni(const ck_product *part, const void *b, size_t count,
                                     void *to) {
    arrange_q16_f16(part, b, count, to);
}

void ck_tile_q16_f16_12x32__avx512_vnni(const ck_product *part, const ck_tile *tile) {
    tile_q16_f16(part, tile);
}

enum { vnni512_panels = VECTORS_Q8 * VECTOR / CK_PANEL_Q8 };

/// The lanes of vector `v` of a row that are columns.
static inline __mmask16 lanes(size_t columns, size_t v) {
    const size_t first = v * VECTOR;
    const size_t count = columns > first ? columns - first : 0;
    return (__mmask16)(count >= VECTOR ? 0xffff : (1u << count) - 1);
}

void ck_arrange_q8_8x8__avx512_vnni(const ck_product *part, const void *b, size_t count, void *to) {
    arrange_unsigned(part, b, count, to, vnni512_panels);
}

/// Adds the sums of the group to C, and scales them at the end. Loops over rows are unrolled, or
/// the sums would need addresses.
static inline __attribute__((always_inline)) void finish_vector(const ck_product *part,
                                                                const ck_tile *tile, size_t v,
                                                                __m512i dot[ROWS_Q8][VECTORS_Q8]) {
    const __mmask16 mask = lanes(tile->columns, v);
    const __m512 zero = _mm512_setzero_ps();
    const size_t j = v * VECTOR;
    const __m512 scale = tile->b_scale ? _mm512_maskz_loadu_ps(mask, tile->b_scale + j) : zero;
    const __m512 bias = tile->bias ? _mm512_maskz_loadu_ps(mask, tile->bias + j) : zero;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < ROWS_Q8; i++) {
        if (i < tile->rows) {
            float *const c = tile->c + i * part->ldc + j;
            __m512 sum = part->adds ? _mm512_maskz_loadu_ps(mask, c) : zero;
            const __m512 a_scale = _mm512_set1_ps(tile->row[i].a_scale[part->part_scale]);
            sum = _mm512_fmadd_ps(a_scale, _mm512_cvtepi32_ps(dot[i][v]), sum);
            sum = tile->b_scale ? _mm512_fmadd_ps(sum, scale, bias) : sum;
            _mm512_mask_storeu_ps(c, mask, sum);
        }
    }
}

/// `vectors` is known at compile time.
static inline __attribute__((always_inline)) void tile_q8(const ck_product *part,
                                                          const ck_tile *tile, size_t vectors) {
    const char *a[ROWS_Q8];
    __m512i dot[ROWS_Q8][VECTORS_Q8];
    for (size_t i = 0; i < ROWS_Q8; i++) {
        a[i] = (const char *)tile->row[i].a + part->part_a;
        for (size_t v = 0; v < vectors; v++) {
            dot[i][v] = _mm512_set1_epi32(tile->row[i].a_offset[part->part_scale]);
        }
    }
    const __m512i *b = tile->panel;
#pragma clang loop unroll_count(2)
    for (size_t k = 0; k < part->k; k += CK_BLOCK_Q8, b += VECTORS_Q8) {
        __m512i weights[VECTORS_Q8];
        for (size_t v = 0; v < vectors; v++) {
            weights[v] = _mm512_load_si512(b + v);
        }
        for (size_t i = 0; i < ROWS_Q8; i++) {
            const __m512i x = _mm512_set1_epi32(load_block(a[i] + k));
            for (size_t v = 0; v < vectors; v++) {
                dot[i][v] = _mm512_dpbusd_epi32(dot[i][v], weights[v], x);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        finish_vector(part, tile, v, dot);
    }
}

void ck_tile_q8_q8_6x64__avx512_vnni(const ck_product *part, const ck_tile *tile) {
    if (tile->columns > 2 * VECTOR) {
        tile_q8(part, tile, 4);
    } else {
        tile_q8(part, tile, 2);
    }
}

/// float32: a panel is a vector, and `vectors` is known at compile time.
static inline __attribute__((always_inline)) void tile_f32(const ck_product *product,
                                                           const ck_tile *tile, size_t vectors) {
    __m512 sum[ROWS][2];
    for (size_t i = 0; i < ROWS; i++) {
        const float *const c = tile->c + i * product->ldc;
        for (size_t v = 0; v < vectors; v++) {
            const bool adds = product->adds && i < tile->rows;
            sum[i][v] = _mm512_maskz_loadu_ps(adds ? lanes(tile->columns, v) : 0, c + v * VECTOR);
        }
    }
    const float *b = tile->panel;
    const size_t panel = tile->panel_bytes / sizeof *b;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const size_t tap = ck_tap_row(product, ky, kx) * product->stride;
            const float *a[ROWS];
            for (size_t i = 0; i < ROWS; i++) {
                a[i] = (const float *)tile->row[i].a + tap;
            }
#pragma clang loop unroll_count(2)
            for (size_t k = 0; k < product->k; k++, b += VECTOR) {
                __m512 weights[2];
                for (size_t v = 0; v < vectors; v++) {
                    weights[v] = _mm512_load_ps(b + v * panel);
                }
                for (size_t i = 0; i < ROWS; i++) {
                    const __m512 x = _mm512_set1_ps(a[i][k]);
                    for (size_t v = 0; v < vectors; v++) {
                        sum[i][v] = _mm512_fmadd_ps(x, weights[v], sum[i][v]);
                    }
                }
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const __mmask16 mask = lanes(tile->columns, v);
        const float *const bias = tile->bias ? tile->bias + v * VECTOR : NULL;
        const __m512 add = bias ? _mm512_maskz_loadu_ps(mask, bias) : _mm512_setzero_ps();
#pragma clang loop unroll(full)
        for (size_t i = 0; i < ROWS; i++) {
            if (i < tile->rows) {
                float *const c = tile->c + i * product->ldc + v * VECTOR;
                _mm512_mask_storeu_ps(c, mask, _mm512_add_ps(sum[i][v], add));
            }
        }
    }
}

void ck_tile_f32_12x32__avx512_vnni(const ck_product *product, const ck_tile *tile) {
    if (tile->columns > VECTOR) {
        tile_f32(product, tile, 2);
    } else {
        tile_f32(product, tile, 1);
    }
}

#pragma clang attribute pop

#endif
