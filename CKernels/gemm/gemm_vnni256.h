/// The 256-bit integer micro-kernel: 6 rows by 2 panels. The rung's file says before it what
/// `multiply_add` is, in its own encoding.
#ifndef CK_GEMM_VNNI256_H
#define CK_GEMM_VNNI256_H

#include "gemm_vnni.h"

#include <string.h>

enum { vnni256_rows = 6, vnni256_panels = 2 };

static inline __m256 load_columns(const float *c, size_t columns) {
    if (columns >= CK_PANEL_Q8) {
        return _mm256_loadu_ps(c);
    }
    float row[CK_PANEL_Q8] = {0};
    memcpy(row, c, columns * sizeof *c);
    return _mm256_loadu_ps(row);
}

static inline void store_columns(float *c, __m256 sum, size_t columns) {
    if (columns >= CK_PANEL_Q8) {
        _mm256_storeu_ps(c, sum);
        return;
    }
    float row[CK_PANEL_Q8];
    _mm256_storeu_ps(row, sum);
    memcpy(c, row, columns * sizeof *c);
}

/// Adds one panel's sums of the group to C, and scales them at the end. The loop over rows is
/// unrolled, or the sums would need addresses.
static inline __attribute__((always_inline)) void
finish_panel(const ck_product *part, const ck_tile *tile, size_t panel,
             const __m256i dot[vnni256_rows][vnni256_panels]) {
    const size_t j = panel * CK_PANEL_Q8;
    if (j >= tile->columns) {
        return;
    }
    const size_t columns = tile->columns - j;
    const __m256 zero = _mm256_setzero_ps();
    const __m256 scale = tile->b_scale ? _mm256_loadu_ps(tile->b_scale + j) : zero;
    const __m256 bias = tile->bias ? _mm256_loadu_ps(tile->bias + j) : zero;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < vnni256_rows; i++) {
        if (i >= tile->rows) {
            return;
        }
        float *const c = tile->c + i * part->ldc + j;
        __m256 sum = part->adds ? load_columns(c, columns) : zero;
        const __m256 a_scale = _mm256_broadcast_ss(tile->row[i].a_scale + part->part_scale);
        sum = _mm256_fmadd_ps(a_scale, _mm256_cvtepi32_ps(dot[i][panel]), sum);
        store_columns(c, tile->b_scale ? _mm256_fmadd_ps(sum, scale, bias) : sum, columns);
    }
}

/// 12 sums, two blocks of weights and one of activations fill 15 registers.
static inline __attribute__((always_inline)) void tile_6x16(const ck_product *part,
                                                            const ck_tile *tile) {
    const char *a[vnni256_rows];
    __m256i dot[vnni256_rows][vnni256_panels];
    for (size_t i = 0; i < vnni256_rows; i++) {
        a[i] = (const char *)tile->row[i].a + part->part_a;
        dot[i][0] = dot[i][1] = _mm256_set1_epi32(tile->row[i].a_offset[part->part_scale]);
    }
    const __m256i *b = tile->panel;
    for (size_t k = 0; k < part->k; k += CK_BLOCK_Q8, b += vnni256_panels) {
        const __m256i first = _mm256_load_si256(b), second = _mm256_load_si256(b + 1);
        for (size_t i = 0; i < vnni256_rows; i++) {
            const __m256i x = _mm256_set1_epi32(load_block(a[i] + k));
            dot[i][0] = multiply_add(dot[i][0], first, x);
            dot[i][1] = multiply_add(dot[i][1], second, x);
        }
    }
    finish_panel(part, tile, 0, dot);
    finish_panel(part, tile, 1, dot);
}

#endif
