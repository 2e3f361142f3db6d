#include "normalization.h"

#include "../isa/table.h"

void ck_fill_normalization(ck_normalization_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_normalization__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_normalization__avx2(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_normalization__avx512(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON) {
        ck_fill_normalization__neon(table);
    }
#endif
}

void ck_channel_sums(size_t rows, size_t channels, const float *x, size_t ldx, double *sum,
                     double *square) {
    ck_kernels.normalization.channel_sums(rows, channels, x, ldx, sum, square);
}

void ck_scale_shift(size_t rows, size_t channels, const float *x, size_t ldx, const float *scale,
                    const float *shift, bool silu, float *y, size_t ldy) {
    ck_kernels.normalization.scale_shift(rows, channels, x, ldx, scale, shift, silu, y, ldy);
}

void ck_layer_norm(size_t rows, size_t channels, const float *x, size_t ldx, const float *gamma,
                   const float *beta, float epsilon, float *y, size_t ldy) {
    ck_kernels.normalization.layer_norm(rows, channels, x, ldx, gamma, beta, epsilon, y, ldy);
}
