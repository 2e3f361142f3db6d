/// The normalisation kernels; contracts in normalization.h.
#ifndef CK_NORMALIZATION_TABLE_H
#define CK_NORMALIZATION_TABLE_H

#include "../isa/isa.h"

typedef struct ck_normalization_table {
    void (*channel_sums)(size_t rows, size_t channels, const float *x, size_t ldx, double *sum,
                         double *square);
    void (*scale_shift)(size_t rows, size_t channels, const float *x, size_t ldx,
                        const float *scale, const float *shift, bool silu, float *y, size_t ldy);
    void (*layer_norm)(size_t rows, size_t channels, const float *x, size_t ldx, const float *gamma,
                       const float *beta, float epsilon, float *y, size_t ldy);
} ck_normalization_table;

void ck_fill_normalization(ck_normalization_table *table, ck_isa isa);

/// Called by `ck_fill_normalization`, one a rung.
void ck_fill_normalization__reference(ck_normalization_table *table);
void ck_fill_normalization__avx2(ck_normalization_table *table);
void ck_fill_normalization__avx512(ck_normalization_table *table);
void ck_fill_normalization__neon(ck_normalization_table *table);

#endif
