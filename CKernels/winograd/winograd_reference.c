/// The plain version: the matrices of the contract, one number at a time.
#include "../quantize/quantize.h"
#include "winograd_table.h"

#pragma STDC FP_CONTRACT OFF

static const float b_transposed[6][6] = {
    {4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
    {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
};

static const float g[6][3] = {{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 1}};

static const float a_transposed[4][6] = {
    {-1.5f, 1, 1, -0.25f, -0.25f, 0},
    {0, 1, -1, -0.5f, 0.5f, 0},
    {0, 1, 1, -1, -1, 0},
    {0, 1, -1, -2, 2, -6},
};

/// out = t · in · tᵀ, with t [rows, columns] and in [columns, columns].
static void transform(size_t rows, size_t columns, const float *t, const float *in, float *out) {
    float half[6 * 6];
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            float sum = 0;
            for (size_t k = 0; k < columns; k++) {
                sum += t[i * columns + k] * in[k * columns + j];
            }
            half[i * columns + j] = sum;
        }
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < rows; j++) {
            float sum = 0;
            for (size_t k = 0; k < columns; k++) {
                sum += half[i * columns + k] * t[j * columns + k];
            }
            out[i * rows + j] = sum;
        }
    }
}

static void transform_input__reference(const float *x, size_t row_stride, size_t channels,
                                       ck_winograd_input input) {
    for (size_t c = 0; c < channels; c++) {
        float d[36], transformed[36];
        for (size_t p = 0; p < 36; p++) {
            d[p] = x[p / 6 * row_stride + p % 6 * CK_WINOGRAD_PART_F32 + c];
        }
        transform(6, 6, *b_transposed, d, transformed);
        for (size_t p = 0; p < 36; p++) {
            ck_plane_f32(input.planes, p)[c] = transformed[p];
        }
    }
}

static void transform_pixels__reference(const ck_winograd_pixels *x, size_t count, size_t column,
                                        ck_winograd_input input) {
    const size_t row_stride = 6 * CK_WINOGRAD_PART_F32;
    float pixels[6 * 6 * CK_WINOGRAD_PART_F32];
    size_t channels = 0;
    for (; count > 0; count--, x++) {
        for (size_t p = 0; p < 36; p++) {
            ck_f32_from_f16(x->channels, x->row[p / 6] + (column + p % 6) * x->stride,
                            pixels + p * CK_WINOGRAD_PART_F32 + channels);
        }
        channels += x->channels;
    }
    transform_input__reference(pixels, row_stride, channels, input);
}

static void transform_weights__reference(ck_panel_pair panels, size_t tap_stride, size_t channels,
                                         ck_planes weights) {
    for (size_t c = 0; c < channels; c++) {
        for (size_t j = 0; j < CK_WINOGRAD_PANEL; j++) {
            const size_t row = c / CK_BLOCK_Q8 * CK_PANEL_Q8 + j % CK_PANEL_Q8;
            const int8_t *const panel = j < CK_PANEL_Q8 ? panels.low : panels.high;
            float q[9], transformed[36];
            for (size_t tap = 0; tap < 9; tap++) {
                q[tap] = panel[tap * tap_stride + row * CK_BLOCK_Q8 + c % CK_BLOCK_Q8];
            }
            transform(6, 3, *g, q, transformed);
            for (size_t p = 0; p < 36; p++) {
                ck_plane_f32(weights, p)[c * CK_WINOGRAD_PANEL + j] = transformed[p];
            }
        }
    }
}

static void multiply_place(const ck_winograd_product *product, const float *input,
                           const float *weights, float *sums) {
    for (size_t tile = 0; tile < product->tiles; tile++) {
        for (size_t j = 0; j < CK_WINOGRAD_PANEL; j++) {
            float *const sum = &sums[tile * CK_WINOGRAD_PANEL + j];
            float total = product->adds ? *sum : 0;
            for (size_t c = 0; c < product->channels; c++) {
                total +=
                    input[tile * CK_WINOGRAD_PART_F32 + c] * weights[c * CK_WINOGRAD_PANEL + j];
            }
            *sum = total;
        }
    }
}

static void multiply__reference(const ck_winograd_product *product) {
    const size_t padded =
        (product->tiles + CK_WINOGRAD_ROWS - 1) / CK_WINOGRAD_ROWS * CK_WINOGRAD_ROWS;
    for (size_t p = 0; p < CK_WINOGRAD_PLACES; p++) {
        for (size_t panel = 0; panel < product->panels; panel++) {
            multiply_place(product, ck_plane_f32(product->input.planes, p),
                           ck_plane_f32(product->weights, p) +
                               panel * product->channels * CK_WINOGRAD_PANEL,
                           ck_plane_f32(product->sums, p) + panel * padded * CK_WINOGRAD_PANEL);
        }
    }
}

static void transform_sums__reference(ck_planes sums, const ck_winograd_output *output) {
    for (size_t j = 0; j < output->outputs; j++) {
        float m[36], y[16];
        for (size_t p = 0; p < 36; p++) {
            m[p] = ck_plane_f32(sums, p)[j];
        }
        transform(4, 6, *a_transposed, m, y);
        for (size_t r = 0; r < output->rows; r++) {
            for (size_t c = 0; c < output->columns; c++) {
                output->y[r * output->row_stride + c * output->ldy + j] =
                    y[4 * r + c] * output->scale[j] + output->bias[j];
            }
        }
    }
}

void ck_fill_winograd__reference(ck_winograd_table *table) {
    *table = (ck_winograd_table){
        .operands = CK_WINOGRAD_F32,
        .transform_input = transform_input__reference,
        .transform_pixels = transform_pixels__reference,
        .transform_weights = transform_weights__reference,
        .multiply = multiply__reference,
        .transform_sums = transform_sums__reference,
    };
}
