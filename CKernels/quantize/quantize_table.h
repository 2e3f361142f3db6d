/// The conversion kernels. Every rung gives the same bits.
#ifndef CK_QUANTIZE_TABLE_H
#define CK_QUANTIZE_TABLE_H

#include "../isa/isa.h"

/// Groups whose largest magnitude is below this count as zeros: its inverse would overflow.
#define CK_QUANTIZE_SMALLEST 0x1p-110f

typedef struct ck_quantize_table {
    /// One group: rounds `count` values into q, returns the scale; `sum` becomes Σ q.
    float (*quantize_q16)(size_t count, const float *x, int16_t *q);
    float (*quantize_q8)(size_t count, const float *x, int8_t *q, int32_t *sum);
    void (*dequantize_q8)(size_t count, const int8_t *q, float scale, float *x);
    void (*f32_from_f16)(size_t count, const uint16_t *x, float *y);
    void (*f16_from_f32)(size_t count, const float *x, uint16_t *y);
} ck_quantize_table;

void ck_fill_quantize(ck_quantize_table *table, ck_isa isa);

/// Called by `ck_fill_quantize`, one a rung.
void ck_fill_quantize__reference(ck_quantize_table *table);
void ck_fill_quantize__avx2(ck_quantize_table *table);
void ck_fill_quantize__avx512(ck_quantize_table *table);
void ck_fill_quantize__neon(ck_quantize_table *table);

#endif
