/// Weights as VNNI's instructions want them: one factor is unsigned, so 128 is added to each
/// weight, and the sums begin with what that is too much (`offset` in gemm.h). Included by the
/// rungs' files inside their target regions.
#ifndef CK_GEMM_VNNI_H
#define CK_GEMM_VNNI_H

#include "gemm_table.h"

#include <immintrin.h>

enum { block_bytes = CK_PANEL_Q8 * CK_BLOCK_Q8 };

/// Panels [k / 4][8][4] side by side: `to` becomes [k / 4][panels · 8][4].
static inline __attribute__((always_inline)) void
arrange_unsigned(const ck_product *part, const char *b, size_t count, char *to, size_t panels) {
    const __m256i sign = _mm256_set1_epi8(-128);
    for (size_t p = 0; p < count; p++) {
        const char *from = b + p * part->panel_bytes;
        char *block = to + p * block_bytes;
        for (size_t k = 0; k < part->k; k += CK_BLOCK_Q8) {
            const __m256i weights = _mm256_load_si256((const __m256i *)from);
            _mm256_store_si256((__m256i *)block, _mm256_xor_si256(weights, sign));
            from += block_bytes;
            block += panels * block_bytes;
        }
    }
}

/// Four activations.
static inline int32_t load_block(const char *a) {
    int32_t block;
    __builtin_memcpy(&block, a, sizeof block);
    return block;
}

#endif
