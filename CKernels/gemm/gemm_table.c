#include "gemm_table.h"

static void fill_reference(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32__reference, CK_TILE_ROWS, 1, NULL};
    table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8__reference, CK_TILE_ROWS, 1, NULL};
    table->q16_f16 = (ck_tile_kernel){ck_tile_q16_f16__reference, CK_TILE_ROWS, 1,
                                      ck_arrange_q16_f16__reference};
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8__reference, CK_TILE_ROWS, 1, NULL};
}

#if defined(__x86_64__)
static void fill_avx2(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32_6x16__avx2, 6, 1, NULL};
    table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8_6x8__avx2, 6, 1, NULL};
    table->q16_f16 = (ck_tile_kernel){ck_tile_q16_f16_6x16__avx2, 6, 1, ck_arrange_q16_f16__avx2};
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_6x8__avx2, 6, 1, NULL};
    table->prefers_q16_f16 = true;
}

static void fill_avx_vnni(ck_gemm_table *table) {
    table->q16_f16.compute = ck_tile_q16_f16_6x16__avx_vnni;
    table->q8_q8 =
        (ck_tile_kernel){ck_tile_q8_q8_6x16__avx_vnni, 6, 2, ck_arrange_q8_2x8__avx_vnni};
}

static void fill_avx512_vnni_256(ck_gemm_table *table) {
    table->q16_f16.compute = ck_tile_q16_f16_6x16__avx512_vnni_256;
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_6x16__avx512_vnni_256, 6, 2,
                                    ck_arrange_q8_2x8__avx512_vnni_256};
}

static void fill_avx512_vnni(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32_12x32__avx512_vnni, 12, 2, NULL};
    table->q16_f16 = (ck_tile_kernel){ck_tile_q16_f16_12x32__avx512_vnni, 12, 2,
                                      ck_arrange_q16_f16__avx512_vnni};
    table->q8_q8 =
        (ck_tile_kernel){ck_tile_q8_q8_6x64__avx512_vnni, 6, 8, ck_arrange_q8_8x8__avx512_vnni};
}
#endif

#if defined(__aarch64__)
static void fill_neon(ck_gemm_table *table) {
    table->f32 = (ck_tile_kernel){ck_tile_f32_5x16__neon, 5, 1, NULL};
    table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8_8x8__neon, 8, 1, NULL};
    table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_3x8__neon, 3, 1, NULL};
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
    case CK_ISA_AVX_VNNI:
        fill_avx_vnni(table);
        break;
    case CK_ISA_AVX512_VNNI_256:
        fill_avx512_vnni_256(table);
        break;
    case CK_ISA_AVX512_VNNI:
        fill_avx512_vnni(table);
        break;
#endif
#if defined(__aarch64__)
    case CK_ISA_NEON:
        fill_neon(table);
        break;
    case CK_ISA_NEON_DOTPROD:
        table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8_8x8__neon_dotprod, 8, 1, NULL};
        break;
#endif
    default:
        break;
    }
}
