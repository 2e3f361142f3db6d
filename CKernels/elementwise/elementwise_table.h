/// The elementwise kernels; contracts in elementwise.h.
#ifndef CK_ELEMENTWISE_TABLE_H
#define CK_ELEMENTWISE_TABLE_H

#include "../isa/isa.h"

typedef struct ck_elementwise_table {
    void (*silu)(size_t count, const float *x, float *y);
    void (*gelu)(size_t count, const float *x, float *y);
    void (*quick_gelu)(size_t count, const float *x, float *y);
    void (*geglu)(size_t rows, size_t channels, const float *x, size_t ldx, float *y, size_t ldy);
    void (*leaky_relu)(size_t count, const float *x, float slope, float *y);
    void (*prelu)(size_t rows, size_t channels, const float *x, size_t ldx, const float *slope,
                  float *y, size_t ldy);
    void (*scale_add)(size_t count, const float *x, float factor, float *y);
    void (*sum_of_three)(size_t count, const float *a, const float *b, const float *c, float *y);
} ck_elementwise_table;

void ck_fill_elementwise(ck_elementwise_table *table, ck_isa isa);

/// Called by `ck_fill_elementwise`, one a rung.
void ck_fill_elementwise__reference(ck_elementwise_table *table);
void ck_fill_elementwise__avx2(ck_elementwise_table *table);
void ck_fill_elementwise__avx512(ck_elementwise_table *table);
void ck_fill_elementwise__neon(ck_elementwise_table *table);

#endif
