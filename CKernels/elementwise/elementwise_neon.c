#include "elementwise_table.h"

#if defined(__aarch64__)

#include "../isa/vector_neon.h"

#include "elementwise_vector.h"

void ck_fill_elementwise__neon(ck_elementwise_table *table) {
    *table = vector_kernels;
}

#endif
