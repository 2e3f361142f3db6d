#include "attention_table.h"

#if defined(__aarch64__)

#include "../isa/tile_neon.h"

#include "attention_vector.h"

void ck_fill_attention__neon(ck_attention_table *table) {
    *table = vector_kernels;
}

#endif
