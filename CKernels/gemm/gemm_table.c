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

#if defined(__aarch64__)
static void fill_neon(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32_5x16__neon, 5};
    table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8_8x8__neon, 8};
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_3x8__neon, 3};
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
#if defined(__aarch64__)
    case CK_ISA_NEON:
        fill_neon(table);
        break;
    case CK_ISA_NEON_DOTPROD:
        table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_8x8__neon_dotprod, 8};
        break;
#endif
    default:
        break;
    }
}
