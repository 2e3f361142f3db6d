#include "normalization_table.h"

#if defined(__aarch64__)

#include "../isa/vector_neon.h"

#include "normalization_vector.h"

void ck_fill_normalization__neon(ck_normalization_table *table) {
    *table = vector_kernels;
}

#endif
