/// The words of pairs_avx2.h with the sum of products of AVX2 itself.
#ifndef CK_PAIRS_MADD_AVX2_H
#define CK_PAIRS_MADD_AVX2_H

#include "pairs_avx2.h"

static inline i32v i32v_dot_pairs(i32v sum, i32v a, i32v b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

#endif
