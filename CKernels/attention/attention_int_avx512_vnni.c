#include "attention_int_table.h"

#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

#include "../isa/bytes_avx512.h"

enum { tile_numbers = 8, wide = 3 };

#include "attention_int_vnni.h"

#include "attention_int_vector.h"

#pragma clang attribute pop

void ck_fill_attention_int__avx512_vnni(ck_attention_int_table *table) {
    table->q8 = vector_kernels;
}

#endif
