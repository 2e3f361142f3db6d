#include "gemm.h"
#include "../isa/table.h"

static size_t round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

ck_product ck_product_f32_f32(ck_rows_f32 a, ck_panels_f32 b) {
    return (ck_product){
        .step = 1,
        .kernel_h = 1,
        .kernel_w = 1,
        .k = b.k,
        .a = a.data,
        .a_size = sizeof *a.data,
        .stride = a.stride,
        .b = b.data,
        .b_size = sizeof *b.data,
        .n = b.n,
        .panel_n = CK_PANEL_FLOAT,
        .panel_bytes = b.k * CK_PANEL_FLOAT * sizeof *b.data,
    };
}

ck_product ck_product_f32_f16(ck_rows_f32 a, ck_panels_f16 b) {
    ck_product product = ck_product_f32_f32(a, (ck_panels_f32){.n = b.n, .k = b.k});
    product.b = b.data;
    product.b_size = sizeof *b.data;
    product.panel_bytes = round_up(b.k, 2) * CK_PANEL_FLOAT * sizeof *b.data;
    return product;
}

ck_product ck_product_q16_q8(ck_rows_q16 a, ck_panels_q8 b) {
    return (ck_product){
        .step = 1,
        .kernel_h = 1,
        .kernel_w = 1,
        .k = b.k,
        .a = a.data,
        .a_size = sizeof *a.data,
        .stride = a.stride,
        .a_scale = a.scale,
        .groups = a.groups,
        .group_k = a.group_k,
        .b = b.data,
        .b_size = sizeof *b.data,
        .n = b.n,
        .panel_n = CK_PANEL_Q8,
        .panel_bytes = round_up(b.k, 2 * CK_BLOCK_Q8) * CK_PANEL_Q8,
        .b_scale = b.scale,
    };
}

ck_product ck_product_q16_f16(ck_rows_q16 a, ck_panels_f16 b) {
    ck_product product = ck_product_f32_f16((ck_rows_f32){.stride = a.stride}, b);
    product.a = a.data;
    product.a_size = sizeof *a.data;
    product.a_scale = a.scale;
    product.groups = a.groups;
    product.group_k = a.group_k;
    return product;
}

ck_product ck_product_q8_q8(ck_rows_q8 a, ck_panels_q8 b) {
    const ck_rows_q16 rows = {
        .stride = a.stride, .scale = a.scale, .groups = a.groups, .group_k = a.group_k};
    ck_product product = ck_product_q16_q8(rows, b);
    product.a = a.data;
    product.a_size = sizeof *a.data;
    product.a_offset = a.offset;
    return product;
}

/// Rows side by side: one strip row of m pixels, read at one tap.
static ck_product side_by_side(ck_product product, size_t m) {
    product.m = m;
    product.width = m;
    product.pitch = m;
    return product;
}

void ck_gemm_f32_f32(size_t m, ck_rows_f32 a, ck_panels_f32 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = side_by_side(ck_product_f32_f32(a, b), m);
    ck_run_product(product, ck_kernels.gemm.f32, range, bias, c, ldc);
}

void ck_gemm_f32_f16(size_t m, ck_rows_f32 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = side_by_side(ck_product_f32_f16(a, b), m);
    ck_run_product(product, ck_kernels.gemm.f32, range, bias, c, ldc);
}

void ck_gemm_q16_q8(size_t m, ck_rows_q16 a, ck_panels_q8 b, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = side_by_side(ck_product_q16_q8(a, b), m);
    ck_run_product(product, ck_kernels.gemm.q16_q8, range, bias, c, ldc);
}

void ck_gemm_q16_f16(size_t m, ck_rows_q16 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = side_by_side(ck_product_q16_f16(a, b), m);
    ck_run_product(product, ck_kernels.gemm.q16_f16, range, bias, c, ldc);
}

bool ck_gemm_prefers_q16_f16(void) {
    return ck_kernels.gemm.prefers_q16_f16;
}

void ck_gemm_q8_q8(size_t m, ck_rows_q8 a, ck_panels_q8 b, ck_panel_range range,
                   const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = side_by_side(ck_product_q8_q8(a, b), m);
    ck_run_product(product, ck_kernels.gemm.q8_q8, range, bias, c, ldc);
}
