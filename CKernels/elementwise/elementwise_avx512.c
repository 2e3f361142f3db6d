#include "elementwise_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

#include "../isa/vector_avx512.h"

#include "elementwise_vector.h"

#pragma clang attribute pop

void ck_fill_elementwise__avx512(ck_elementwise_table *table) {
    *table = vector_kernels;
}

#endif
