#include "attention_table.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../isa/vector_avx2.h"

#include "../isa/tile_vector.h"

#include "attention_vector.h"

#pragma clang attribute pop

void ck_fill_attention__avx2(ck_attention_table *table) {
    *table = vector_kernels;
}

#endif
