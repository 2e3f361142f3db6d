#include "winograd_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

#include "../isa/pairs_avx512.h"

enum { most_rows = 12, most_panels = 2 };

/// Four channels of both panels' outputs.
static inline i32v load_outputs(ck_panel_pair panels, size_t offset, size_t vector) {
    (void)vector;
    const __m256i low = _mm256_load_si256((const __m256i *)(panels.low + offset));
    const __m256i high = _mm256_load_si256((const __m256i *)(panels.high + offset));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

#include "winograd_q16_vector.h"

#pragma clang attribute pop

void ck_fill_winograd__avx512_vnni(ck_winograd_table *table) {
    *table = vector_kernels;
    table->fewest_tiles_q8 = 16;
}

#endif
