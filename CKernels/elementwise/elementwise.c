#include "elementwise.h"

#include "../isa/table.h"

void ck_fill_elementwise(ck_elementwise_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_elementwise__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_elementwise__avx2(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_elementwise__avx512(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON) {
        ck_fill_elementwise__neon(table);
    }
#endif
}

void ck_silu(size_t count, const float *x, float *y) {
    ck_kernels.elementwise.silu(count, x, y);
}

void ck_gelu(size_t count, const float *x, float *y) {
    ck_kernels.elementwise.gelu(count, x, y);
}

void ck_quick_gelu(size_t count, const float *x, float *y) {
    ck_kernels.elementwise.quick_gelu(count, x, y);
}

void ck_geglu(size_t rows, size_t channels, const float *x, size_t ldx, float *y, size_t ldy) {
    ck_kernels.elementwise.geglu(rows, channels, x, ldx, y, ldy);
}

void ck_leaky_relu(size_t count, const float *x, float slope, float *y) {
    ck_kernels.elementwise.leaky_relu(count, x, slope, y);
}

void ck_prelu(size_t rows, size_t channels, const float *x, size_t ldx, const float *slope,
              float *y, size_t ldy) {
    ck_kernels.elementwise.prelu(rows, channels, x, ldx, slope, y, ldy);
}

void ck_scale_add(size_t count, const float *x, float factor, float *y) {
    ck_kernels.elementwise.scale_add(count, x, factor, y);
}

void ck_sum_of_three(size_t count, const float *a, const float *b, const float *c, float *y) {
    ck_kernels.elementwise.sum_of_three(count, a, b, c, y);
}
