#include "gemm_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../isa/pairs_madd_avx2.h"

enum { most_rows = ROWS, most_panels = 1 };

#include "gemm_q16_f16_vector.h"

void ck_arrange_q16_f16__avx2(const ck_product *part, const void *b, size_t count, void *to) {
    arrange_q16_f16(part, b, count, to);
}

void ck_tile_q16_f16_6x16__avx2(const ck_product *part, const ck_tile *tile) {
    tile_q16_f16(part, tile);
}

/// Four activations in int16, four times.
static inline __m256i load_q16(const char *a) {
    return _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)a));
}

static inline __m256i load_q8(const char *a) {
    return _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_loadu_si32(a)));
}

/// The weights of a block in int16: four outputs a half.
typedef struct half_blocks {
    __m256i low, high;
} half_blocks;

static inline half_blocks load_weights(const int8_t *b) {
    const __m128i *const half = (const __m128i *)b;
    return (half_blocks){_mm256_cvtepi8_epi16(_mm_load_si128(half)),
                         _mm256_cvtepi8_epi16(_mm_load_si128(half + 1))};
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

/// Where the current group of a row begins.
typedef struct group {
    size_t a_offset, scale_offset, k;
} group;

/// Adds a group: 12 accumulators, two half blocks of weights, one block of activations and one
/// product fill the 16 registers. `sum` lives in memory meanwhile.
static inline __attribute__((always_inline)) void add_group(const ck_row *row, group group,
                                                            const int8_t *b, size_t a_size,
                                                            __m256i (*load)(const char *),
                                                            __m256 sum[ROWS]) {
    const char *a[ROWS];
    __m256i dot[ROWS][2];
    const half_blocks first = load_weights(b);
    for (size_t i = 0; i < ROWS; i++) {
        a[i] = (const char *)row[i].a + group.a_offset;
        const __m256i x = load(a[i]);
        dot[i][0] = _mm256_madd_epi16(x, first.low);
        dot[i][1] = _mm256_madd_epi16(x, first.high);
    }
#pragma clang loop unroll(disable)
    for (size_t k = CK_BLOCK_Q8; k < group.k; k += CK_BLOCK_Q8) {
        const half_blocks weights = load_weights(b + k * CK_PANEL_Q8);
        for (size_t i = 0; i < ROWS; i++) {
            const __m256i x = load(a[i] + k * a_size);
            dot[i][0] = _mm256_add_epi32(dot[i][0], _mm256_madd_epi16(x, weights.low));
            dot[i][1] = _mm256_add_epi32(dot[i][1], _mm256_madd_epi16(x, weights.high));
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        const __m256 scale = _mm256_broadcast_ss(row[i].a_scale + group.scale_offset);
        sum[i] = _mm256_fmadd_ps(scale, shuffled_sums(dot[i]), sum[i]);
    }
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
            group group = {tap * product->stride * a_size, tap * product->groups, 0};
            for (size_t g = 0; g < product->groups; g++) {
                group.k = product->group_k[g];
                add_group(tile->row, group, b, a_size, load, sum);
                b += group.k * CK_PANEL_Q8;
                group.a_offset += group.k * a_size;
                group.scale_offset++;
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
