/// The plain versions: double inside, rounded once.
#include "normalization_table.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

static void channel_sums__reference(size_t rows, size_t channels, const float *x, size_t ldx,
                                    double *sum, double *square) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < channels; c++) {
            const double value = x[r * ldx + c];
            sum[c] += value;
            square[c] += value * value;
        }
    }
}

static void scale_shift__reference(size_t rows, size_t channels, const float *x, size_t ldx,
                                   const float *scale, const float *shift, bool silu, float *y,
                                   size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < channels; c++) {
            const double value = (double)x[r * ldx + c] * scale[c] + shift[c];
            y[r * ldy + c] = (float)(silu ? value / (1 + exp(-value)) : value);
        }
    }
}

static void layer_norm__reference(size_t rows, size_t channels, const float *x, size_t ldx,
                                  const float *gamma, const float *beta, float epsilon, float *y,
                                  size_t ldy) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * ldx;
        double sum = 0, squares = 0;
        for (size_t c = 0; c < channels; c++) {
            sum += row[c];
        }
        const double mean = sum / (double)channels;
        for (size_t c = 0; c < channels; c++) {
            squares += (row[c] - mean) * (row[c] - mean);
        }
        const double inverse = 1 / sqrt(squares / (double)channels + epsilon);
        for (size_t c = 0; c < channels; c++) {
            y[r * ldy + c] = (float)((row[c] - mean) * inverse * gamma[c] + beta[c]);
        }
    }
}

void ck_fill_normalization__reference(ck_normalization_table *table) {
    *table = (ck_normalization_table){
        .channel_sums = channel_sums__reference,
        .scale_shift = scale_shift__reference,
        .layer_norm = layer_norm__reference,
    };
}
