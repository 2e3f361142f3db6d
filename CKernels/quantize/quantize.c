/// The walk over rows and groups; a group is one call of the rung's kernel.
#include "quantize.h"

#include "../isa/table.h"

#include <string.h>

void ck_fill_quantize(ck_quantize_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_quantize__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_quantize__avx2(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_quantize__avx512(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON) {
        ck_fill_quantize__neon(table);
    }
#endif
}

void ck_quantize_q16(size_t rows, size_t groups, const size_t *group_x, const size_t *group_q,
                     const float *x, size_t ldx, int16_t *q, size_t ldq, float *scale) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        int16_t *to = q + r * ldq;
        for (size_t g = 0; g < groups; g++) {
            scale[r * groups + g] = ck_kernels.quantize.quantize_q16(group_x[g], from, to);
            memset(to + group_x[g], 0, (group_q[g] - group_x[g]) * sizeof *to);
            from += group_x[g];
            to += group_q[g];
        }
    }
}

void ck_quantize_q8(size_t rows, size_t groups, const size_t *group_x, const size_t *group_q,
                    const float *x, size_t ldx, int8_t *q, size_t ldq, float *scale,
                    int32_t *offset) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        int8_t *to = q + r * ldq;
        for (size_t g = 0; g < groups; g++) {
            int32_t sum = 0;
            scale[r * groups + g] = ck_kernels.quantize.quantize_q8(group_x[g], from, to, &sum);
            offset[r * groups + g] = -128 * sum;
            memset(to + group_x[g], 0, (group_q[g] - group_x[g]) * sizeof *to);
            from += group_x[g];
            to += group_q[g];
        }
    }
}

void ck_dequantize_q8(size_t count, const int8_t *q, float scale, float *x) {
    ck_kernels.quantize.dequantize_q8(count, q, scale, x);
}

void ck_f32_from_f16(size_t count, const uint16_t *x, float *y) {
    ck_kernels.quantize.f32_from_f16(count, x, y);
}

void ck_f32_from_f16_rows(size_t rows, size_t count, const uint16_t *x, size_t ldx, float *y,
                          size_t ldy) {
    // Far enough for the memory's delay; rows that lie side by side need no help.
    const size_t rows_ahead = 12, line = 64 / sizeof *x;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; ldx > count && r + rows_ahead < rows && i < count; i += line) {
            __builtin_prefetch(x + (r + rows_ahead) * ldx + i);
        }
        ck_kernels.quantize.f32_from_f16(count, x + r * ldx, y + r * ldy);
    }
}

void ck_f16_from_f32(size_t count, const float *x, uint16_t *y) {
    ck_kernels.quantize.f16_from_f32(count, x, y);
}
