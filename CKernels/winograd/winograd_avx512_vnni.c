#include "winograd_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

#include "../isa/bytes_avx512.h"

static inline i32v i32v_dot_pairs(i32v sum, i32v a, i32v b) {
    return _mm512_dpwssd_epi32(sum, a, b);
}

enum { most_rows = 12, most_panels = 2 };

#include "winograd_q16_product.h"

#pragma clang attribute pop

void ck_fill_winograd__avx512_vnni(ck_winograd_table *table) {
    table->multiply = multiply;
    table->fewest_tiles_q8 = 64;
}

#endif
