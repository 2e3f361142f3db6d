#include "attention_q8_table.h"

#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target(CK_TARGET_AVX512))), apply_to = function)

#include "../isa/bytes_avx512.h"

enum { tile_numbers = 8 };

#include "attention_q8_vnni.h"

#include "attention_q8_vector.h"

#pragma clang attribute pop

void ck_fill_attention_q8__avx512_vnni(ck_attention_q8_table *table) {
    *table = vector_kernels;
}

#endif
