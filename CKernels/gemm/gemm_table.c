#include "gemm_table.h"

void ck_fill_gemm(ck_gemm_table *table, ck_isa isa) {
    switch (isa) {
    case CK_ISA_REFERENCE:
        table->f32_f32 = (ck_tile_kernel){ck_tile_f32_f32__reference, CK_TILE_ROWS};
        table->f32_f16 = (ck_tile_kernel){ck_tile_f32_f16__reference, CK_TILE_ROWS};
        table->q16_q8 = (ck_tile_kernel){ck_tile_q16_q8__reference, CK_TILE_ROWS};
        table->q8_q8 = (ck_tile_kernel){ck_tile_q8_q8__reference, CK_TILE_ROWS};
        break;
    default:
        break;
    }
}
