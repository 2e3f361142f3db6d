/// The 256-bit source in the EVEX encoding: what `avx-vnni` computes, on a processor that has the
/// instructions as a part of AVX-512 only.
#include "winograd_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512vl,avx512vnni"))),         \
                             apply_to = function)

#include "../isa/pairs_avx2.h"

static inline i32v i32v_dot_pairs(i32v sum, i32v a, i32v b) {
    return _mm256_dpwssd_epi32(sum, a, b);
}

enum { most_rows = 6, most_panels = 1 };

#include "winograd_q16_product.h"

#pragma clang attribute pop

void ck_fill_winograd__avx512_vnni_256(ck_winograd_table *table) {
    table->multiply = multiply;
    table->fewest_tiles_q8 = 16;
}

#endif
