#include "gemm_table.h"

static void fill_reference(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32__reference, CK_TILE_ROWS};
    table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8__reference, CK_TILE_ROWS};
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8__reference, CK_TILE_ROWS};
}

#if defined(__x86_64__)
static void fill_avx2(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32_6x16__avx2, 6};
    table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8_6x8__avx2, 6};
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_6x8__avx2, 6};
}
#endif

void ck_fill_gemm(ck_gemm_table *table, ck_isa isa) {
    switch (isa) {
    case CK_ISA_REFERENCE:
        fill_reference(table);
        break;
#if defined(__x86_64__)
    case CK_ISA_AVX2:
        fill_avx2(table);
        break;
#endif
    default:
        break;
    }
}
