/// Weights as VNNI's instructions want them: one factor is unsigned, so 128 is added to each
/// weight, and the sums begin with what that is too much (`offset` in gemm.h). Included by the
/// rungs' files inside their target regions.
#ifndef CK_GEMM_VNNI_H
#define CK_GEMM_VNNI_H

#include "gemm_table.h"

#include <immintrin.h>

enum { block_bytes = CK_PANEL_Q8 * CK_BLOCK_Q8 };

static inline void arrange_block(const char *from, char *to) {
    const __m256i weights = _mm256_load_si256((const __m256i *)from);
    _mm256_store_si256((__m256i *)to, _mm256_xor_si256(weights, _mm256_set1_epi8(-128)));
}

/// Panels [k / 4][8][4] side by side: `to` becomes [k / 4][panels · 8][4].
static inline __attribute__((always_inline)) void
arrange_unsigned(const ck_product *part, const char *b, size_t count, char *to, size_t panels) {
    const size_t blocks = part->k / CK_BLOCK_Q8;
    if (count == panels) {
        for (size_t i = 0; i < blocks; i++, to += panels * block_bytes) {
            for (size_t p = 0; p < panels; p++) {
                arrange_block(b + p * part->panel_bytes + i * block_bytes, to + p * block_bytes);
            }
        }
        return;
    }
    for (size_t i = 0; i < blocks; i++, to += panels * block_bytes) {
        for (size_t p = 0; p < count; p++) {
            arrange_block(b + p * part->panel_bytes + i * block_bytes, to + p * block_bytes);
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
