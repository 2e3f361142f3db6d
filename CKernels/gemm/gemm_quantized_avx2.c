#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

/// Four activations in int16, four times.
static inline __m256i load_q16(const char *a) {
    return _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)a));
}

static inline __m256i load_q8(const char *a) {
    return _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_loadu_si32(a)));
}

/// Eight outputs' sums of a group from two halves that hold an output's even and odd pairs side by
/// side. They come in the order 0 1 4 5 2 3 6 7.
static inline __m256 shuffled_sums(const __m256i dot[2]) {
    return _mm256_cvtepi32_ps(_mm256_hadd_epi32(dot[0], dot[1]));
}

static inline void store_row(float *c, __m256 sum, size_t columns) {
    if (columns == CK_PANEL_Q8) {
        _mm256_storeu_ps(c, sum);
        return;
    }
    float row[CK_PANEL_Q8];
    _mm256_storeu_ps(row, sum);
    memcpy(c, row, columns * sizeof *c);
}

static inline void store_tile(const ck_product *product, const ck_tile *tile, const __m256 *sum) {
    const __m256 scale = _mm256_loadu_ps(tile->b_scale);
    const __m256 bias = tile->bias ? _mm256_loadu_ps(tile->bias) : _mm256_setzero_ps();
    for (size_t i = 0; i < tile->rows; i++) {
        const __m256d ordered =
            _mm256_permute4x64_pd(_mm256_castps_pd(sum[i]), _MM_SHUFFLE(3, 1, 2, 0));
        store_row(tile->c + i * product->ldc,
                  _mm256_fmadd_ps(_mm256_castpd_ps(ordered), scale, bias), tile->columns);
    }
}

/// Adds a group: 12 accumulators, two half blocks of weights, one block of activations and one
/// product fill the 16 registers. `sum` lives in memory meanwhile.
static inline __attribute__((always_inline)) const int8_t *
add_group(const char *const a[ROWS], size_t a_size, size_t k, const float *const a_scale[ROWS],
          const int8_t *b, __m256i (*load)(const char *), __m256 sum[ROWS]) {
    __m256i dot[ROWS][2];
    for (size_t i = 0; i < ROWS; i++) {
        dot[i][0] = dot[i][1] = _mm256_setzero_si256();
    }
#pragma clang loop unroll_count(2)
    for (size_t offset = 0; offset < k * a_size; offset += CK_BLOCK_Q8 * a_size) {
        const __m256i low = _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)b));
        const __m256i high = _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)b + 1));
        b += CK_BLOCK_Q8 * CK_PANEL_Q8;
        for (size_t i = 0; i < ROWS; i++) {
            const __m256i x = load(a[i] + offset);
            dot[i][0] = _mm256_add_epi32(dot[i][0], _mm256_madd_epi16(x, low));
            dot[i][1] = _mm256_add_epi32(dot[i][1], _mm256_madd_epi16(x, high));
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        sum[i] = _mm256_fmadd_ps(_mm256_broadcast_ss(a_scale[i]), shuffled_sums(dot[i]), sum[i]);
    }
    return b;
}

static inline __attribute__((always_inline)) void tile_6x8(const ck_product *product,
                                                           const ck_tile *tile, size_t a_size,
                                                           __m256i (*load)(const char *)) {
    __m256 sum[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        sum[i] = _mm256_setzero_ps();
    }
    const int8_t *b = tile->panel;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            const size_t tap = ck_tap_row(product, ky, kx);
            size_t offset = tap * product->stride * a_size;
            for (size_t g = 0; g < product->groups; g++) {
                const char *a[ROWS];
                const float *a_scale[ROWS];
                for (size_t i = 0; i < ROWS; i++) {
                    a[i] = (const char *)tile->row[i].a + offset;
                    a_scale[i] = tile->row[i].a_scale + tap * product->groups + g;
                }
                b = add_group(a, a_size, product->group_k[g], a_scale, b, load, sum);
                offset += product->group_k[g] * a_size;
            }
        }
    }
    store_tile(product, tile, sum);
}

void ck_tile_q16_q8_6x8__avx2(const ck_product *product, const ck_tile *tile) {
    tile_6x8(product, tile, sizeof(int16_t), load_q16);
}

void ck_tile_q8_q8_6x8__avx2(const ck_product *product, const ck_tile *tile) {
    tile_6x8(product, tile, sizeof(int8_t), load_q8);
}

#pragma clang attribute pop

#endif
