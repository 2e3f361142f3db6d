#include "attention_int_table.h"

#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

#include "../isa/bytes_avx2.h"

static inline i32v i32v_dot(i32v sum, i32v unsigned_bytes, i32v signed_bytes) {
    return _mm256_dpbusd_avx_epi32(sum, unsigned_bytes, signed_bytes);
}

enum { tile_numbers = 4, wide = 3 };

#include "attention_int_vnni.h"

#include "attention_int_vector.h"

#pragma clang attribute pop

void ck_fill_attention_int__avx_vnni(ck_attention_int_table *table) {
    table->q8 = vector_kernels;
}

#endif
