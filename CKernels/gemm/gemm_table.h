/// The micro-kernels of matrix products and convolutions, one for each pair of types. float32
/// activations have none for float16 weights, which are widened on the way.
#ifndef CK_GEMM_TABLE_H
#define CK_GEMM_TABLE_H

#include "../isa/isa.h"
#include "gemm.h"
#include "product.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

typedef struct ck_gemm_table {
    ck_tile_kernel f32, q16_q8, q16_f16, q8_q8;
    bool prefers_q16_f16; ///< See ck_gemm_prefers_q16_f16.
} ck_gemm_table;

/// Writes the entries that the rung `isa` provides; `CK_ISA_REFERENCE` provides all.
void ck_fill_gemm(ck_gemm_table *table, ck_isa isa);

/// The product of rows side by side: one tap, one strip row. The caller overwrites the window's
/// fields for a convolution.
ck_product ck_product_f32_f32(ck_rows_f32 a, ck_panels_f32 b);
ck_product ck_product_f32_f16(ck_rows_f32 a, ck_panels_f16 b);
ck_product ck_product_q16_q8(ck_rows_q16 a, ck_panels_q8 b);
ck_product ck_product_q16_f16(ck_rows_q16 a, ck_panels_f16 b);
ck_product ck_product_q8_q8(ck_rows_q8 a, ck_panels_q8 b);

void ck_tile_f32__reference(const ck_product *product, const ck_tile *tile);
void ck_tile_q16_q8__reference(const ck_product *product, const ck_tile *tile);
void ck_tile_q16_f16__reference(const ck_product *part, const ck_tile *tile);
void ck_arrange_q16_f16__reference(const ck_product *part, const void *b, size_t count, void *to);
void ck_tile_q8_q8__reference(const ck_product *product, const ck_tile *tile);

#if defined(__x86_64__)
void ck_tile_f32_6x16__avx2(const ck_product *product, const ck_tile *tile);
void ck_tile_q16_q8_6x8__avx2(const ck_product *product, const ck_tile *tile);
void ck_tile_q16_f16_6x16__avx2(const ck_product *part, const ck_tile *tile);
void ck_arrange_q16_f16__avx2(const ck_product *part, const void *b, size_t count, void *to);
void ck_tile_q8_q8_6x8__avx2(const ck_product *product, const ck_tile *tile);
void ck_tile_q16_f16_6x16__avx_vnni(const ck_product *part, const ck_tile *tile);
void ck_tile_q16_f16_6x16__avx512_vnni_256(const ck_product *part, const ck_tile *tile);
void ck_tile_q16_f16_12x32__avx512_vnni(const ck_product *part, const ck_tile *tile);
void ck_arrange_q16_f16__avx512_vnni(const ck_product *part, const void *b, size_t count, void *to);
void ck_tile_q8_q8_6x16__avx_vnni(const ck_product *part, const ck_tile *tile);
void ck_tile_q8_q8_6x16__avx512_vnni_256(const ck_product *part, const ck_tile *tile);
void ck_tile_q8_q8_6x64__avx512_vnni(const ck_product *part, const ck_tile *tile);
void ck_tile_f32_12x32__avx512_vnni(const ck_product *product, const ck_tile *tile);
void ck_arrange_q8_2x8__avx_vnni(const ck_product *part, const void *b, size_t count, void *to);
void ck_arrange_q8_2x8__avx512_vnni_256(const ck_product *part, const void *b, size_t count,
                                        void *to);
void ck_arrange_q8_8x8__avx512_vnni(const ck_product *part, const void *b, size_t count, void *to);
#endif

#if defined(__aarch64__)
void ck_tile_f32_5x16__neon(const ck_product *product, const ck_tile *tile);
void ck_tile_q16_q8_8x8__neon(const ck_product *product, const ck_tile *tile);
void ck_tile_q8_q8_3x8__neon(const ck_product *product, const ck_tile *tile);
void ck_tile_q8_q8_8x8__neon_dotprod(const ck_product *product, const ck_tile *tile);
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
