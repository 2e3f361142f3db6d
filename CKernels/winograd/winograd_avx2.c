#include "winograd_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../isa/vector_avx2.h"

#include "winograd_vector.h"

#pragma clang attribute pop

void ck_fill_winograd__avx2(ck_winograd_table *table) {
    *table = vector_kernels;
}

#endif
