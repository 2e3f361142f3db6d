#include "conv.h"
#include "../isa/table.h"

static ck_product through_window(ck_product product, ck_window window) {
    product.m = window.height * window.width;
    product.width = window.width;
    product.step = window.stride;
    product.pitch = window.strip_width;
    product.kernel_h = window.kernel_h;
    product.kernel_w = window.kernel_w;
    product.k = window.channels;
    return product;
}

/// Floats carry no scale, so where pixels lie side by side a row of the window is one run of k:
/// fewer and longer taps, in the same order.
static ck_product with_joined_taps(ck_product product) {
    if (product.stride == product.k) {
        product.k *= product.kernel_w;
        product.kernel_w = 1;
    }
    return product;
}

void ck_conv_f32_f32(ck_window window, ck_rows_f32 a, ck_panels_f32 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = with_joined_taps(through_window(ck_product_f32_f32(a, b), window));
    ck_run_product(product, ck_kernels.gemm.f32, range, bias, c, ldc);
}

void ck_conv_f32_f16(ck_window window, ck_rows_f32 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = with_joined_taps(through_window(ck_product_f32_f16(a, b), window));
    ck_run_product(product, ck_kernels.gemm.f32, range, bias, c, ldc);
}

void ck_conv_q16_q8(ck_window window, ck_rows_q16 a, ck_panels_q8 b, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = through_window(ck_product_q16_q8(a, b), window);
    ck_run_product(product, ck_kernels.gemm.q16_q8, range, bias, c, ldc);
}

void ck_conv_q16_f16(ck_window window, ck_rows_q16 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = through_window(ck_product_q16_f16(a, b), window);
    ck_run_product(product, ck_kernels.gemm.q16_f16, range, bias, c, ldc);
}

void ck_conv_q8_q8(ck_window window, ck_rows_q8 a, ck_panels_q8 b, ck_panel_range range,
                   const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = through_window(ck_product_q8_q8(a, b), window);
    ck_run_product(product, ck_kernels.gemm.q8_q8, range, bias, c, ldc);
}

static ck_product at_tap(ck_product product, size_t m, size_t tap) {
    size_t k = 0;
    for (size_t g = 0; g < product.groups; g++) {
        k += product.group_k[g];
    }
    product.m = m;
    product.width = m;
    product.pitch = m;
    product.k = k;
    product.b = (const char *)product.b + tap * k * product.panel_n * product.b_size;
    return product;
}

void ck_tap_q16_q8(size_t m, ck_rows_q16 a, ck_panels_q8 b, size_t tap, ck_panel_range range,
                   const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = at_tap(ck_product_q16_q8(a, b), m, tap);
    ck_run_product(product, ck_kernels.gemm.q16_q8, range, bias, c, ldc);
}

void ck_tap_q8_q8(size_t m, ck_rows_q8 a, ck_panels_q8 b, size_t tap, ck_panel_range range,
                  const float *_Nullable bias, float *c, size_t ldc) {
    const ck_product product = at_tap(ck_product_q8_q8(a, b), m, tap);
    ck_run_product(product, ck_kernels.gemm.q8_q8, range, bias, c, ldc);
}
