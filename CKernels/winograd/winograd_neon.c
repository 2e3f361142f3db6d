#include "winograd_table.h"

#if defined(__aarch64__)

#include "../isa/vector_neon.h"

#include "winograd_f32_vector.h"

void ck_fill_winograd__neon(ck_winograd_table *table) {
    *table = vector_kernels;
}

#endif
