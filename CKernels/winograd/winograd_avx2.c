#include "winograd_table.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../isa/pairs_madd_avx2.h"

enum { most_rows = 6, most_panels = 1 };

/// Four channels of a panel's eight outputs.
static inline i32v load_outputs(ck_panel_pair panels, size_t offset, size_t vector) {
    return i32v_load((vector == 0 ? panels.low : panels.high) + offset);
}

#include "winograd_q16_vector.h"

#pragma clang attribute pop

void ck_fill_winograd__avx2(ck_winograd_table *table) {
    *table = vector_kernels;
}

#endif
