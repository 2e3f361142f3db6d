#include "product_operands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void check_group_k(check_product *product, size_t k) {
    const size_t longest = is_quantized(product) ? CK_GROUP_MAX : k;
    product->groups = 0;
    do {
        const size_t part = k < longest ? k : longest;
        product->group_k[product->groups++] = part;
        k -= part;
    } while (k > 0);
}

// Calling

/// Multiplies the output rows [first, first + height) of the strip with the panels of `range`.
static void multiply(const check_product *product, const operands *operands, bool is_conv,
                     size_t first, size_t height, ck_panel_range range, float *c) {
    ck_window window = product->window;
    window.height = height;
    const size_t m = height * window.width, n = product->n, ldc = operands->ldc;
    const size_t k = taps(&window) * window.channels;
    const size_t pixel = first * window.stride * window.strip_width;
    const size_t begin = pixel * operands->stride;
    const float *const a_scale = operands->a_scale + pixel * product->groups;
    const float *const bias = operands->bias;
    c += first * window.width * ldc;

    const ck_rows_f32 f32 = {(const float *)operands->a + begin, operands->stride};
    const ck_rows_q16 q16 = {(const int16_t *)operands->a + begin, operands->stride, a_scale,
                             product->groups, product->group_k};
    const ck_rows_q8 q8 = {
        .data = (const int8_t *)operands->a + begin,
        .stride = operands->stride,
        .scale = a_scale,
        .offset = operands->a_offset + pixel * product->groups,
        .groups = product->groups,
        .group_k = product->group_k,
    };
    const ck_panels_f32 b32 = {operands->b, n, k};
    const ck_panels_f16 b16 = {operands->b, n, k};
    const ck_panels_q8 b8 = {operands->b, operands->b_scale, n, k};
    switch (product->types) {
    case CHECK_F32_F32:
        is_conv ? ck_conv_f32_f32(window, f32, b32, range, bias, c, ldc)
                : ck_gemm_f32_f32(m, f32, b32, range, bias, c, ldc);
        break;
    case CHECK_F32_F16:
        is_conv ? ck_conv_f32_f16(window, f32, b16, range, bias, c, ldc)
                : ck_gemm_f32_f16(m, f32, b16, range, bias, c, ldc);
        break;
    case CHECK_Q16_Q8:
        is_conv ? ck_conv_q16_q8(window, q16, b8, range, bias, c, ldc)
                : ck_gemm_q16_q8(m, q16, b8, range, bias, c, ldc);
        break;
    case CHECK_Q16_F16:
        is_conv ? ck_conv_q16_f16(window, q16, b16, range, bias, c, ldc)
                : ck_gemm_q16_f16(m, q16, b16, range, bias, c, ldc);
        break;
    default:
        is_conv ? ck_conv_q8_q8(window, q8, b8, range, bias, c, ldc)
                : ck_gemm_q8_q8(m, q8, b8, range, bias, c, ldc);
    }
}

/// What tap `tap` brings to all pixels of the strip.
static void multiply_tap(const check_product *product, const operands *operands, ck_panels_q8 b,
                         size_t tap, ck_panel_range range, float *c) {
    const size_t m = pixels(&product->window);
    const ck_rows_q16 q16 = {operands->a, operands->stride, operands->a_scale, product->groups,
                             product->group_k};
    const ck_rows_q8 q8 = {.data = operands->a,
                           .stride = operands->stride,
                           .scale = operands->a_scale,
                           .offset = operands->a_offset,
                           .groups = product->groups,
                           .group_k = product->group_k};
    if (product->types == CHECK_Q16_Q8) {
        ck_tap_q16_q8(m, q16, b, tap, range, operands->bias, c, operands->ldc);
    } else {
        ck_tap_q8_q8(m, q8, b, tap, range, operands->bias, c, operands->ldc);
    }
}

// Promises

static double half_value(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double magnitude =
        exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits & 0x8000 ? -magnitude : magnitude;
}

typedef enum element_type { F32, F16, Q16, Q8 } element_type;

static const element_type a_types[CHECK_TYPES] = {F32, F32, Q16, Q8, Q16};
static const element_type b_types[CHECK_TYPES] = {F32, F16, Q8, Q8, F16};

static double element(element_type type, const void *data, size_t index) {
    switch (type) {
    case F32:
        return ((const float *)data)[index];
    case F16:
        return half_value(((const uint16_t *)data)[index]);
    case Q16:
        return ((const int16_t *)data)[index];
    default:
        return ((const int8_t *)data)[index];
    }
}

/// A sum in double, what its terms' magnitudes sum up to, and by how much rounding float16 weights
/// to integers may change it.
typedef struct exact {
    double sum, magnitude, rounding;
} exact;

/// What a weight changes by where the largest of `k` is so large: half an integer, and a little as
/// its factor is rounded too.
static double rounding_of(size_t k, double largest) {
    const double most = fmin(8191, floor(2147483647.0 / (2047.0 * (double)k)));
    return (0.5 / most + 0x1p-22) * largest;
}

/// Adds one tap of output j: what the input pixel brings.
static void add_tap(const check_product *product, const operands *operands, size_t pixel,
                    size_t tap, size_t j, exact *total) {
    size_t c = 0;
    for (size_t g = 0; g < product->groups; g++) {
        exact group = {0};
        double activations = 0, largest = 0;
        for (size_t end = c + product->group_k[g]; c < end; c++) {
            const size_t k = tap * product->window.channels + c;
            const double activation =
                element(a_types[product->types], operands->a, pixel * operands->stride + c);
            const double weight = element(b_types[product->types], operands->b,
                                          weight_index(product, operands, j, k));
            const double term = activation * weight;
            activations += fabs(activation);
            largest = fmax(largest, fabs(weight));
            group.sum += term;
            group.magnitude += fabs(term);
        }
        if (is_quantized(product)) {
            const double scale = operands->a_scale[pixel * product->groups + g];
            group.sum *= scale;
            group.magnitude = fabs(group.sum);
            group.rounding = scale * activations * rounding_of(product->group_k[g], largest);
        }
        if (product->types == CHECK_Q16_F16) {
            total->rounding += group.rounding;
            group.magnitude += group.rounding;
        }
        total->sum += group.sum;
        total->magnitude += group.magnitude;
    }
}

static exact expected_output(const check_product *product, const operands *operands, size_t i,
                             size_t j) {
    const ck_window *const window = &product->window;
    const size_t y = i / window->width * window->stride, x = i % window->width * window->stride;
    exact total = {0};
    for (size_t ky = 0; ky < window->kernel_h; ky++) {
        for (size_t kx = 0; kx < window->kernel_w; kx++) {
            add_tap(product, operands, (y + ky) * window->strip_width + x + kx,
                    ky * window->kernel_w + kx, j, &total);
        }
    }
    if (has_bytes(product)) {
        total.sum *= operands->b_scale[j];
        total.magnitude *= operands->b_scale[j];
    }
    if (operands->bias) {
        total.sum += operands->bias[j];
        total.magnitude += fabs(operands->bias[j]);
    }
    return total;
}

/// Outputs within the rounding of their additions. A quantised group's sum is exact until it turns
/// to float32, so there only groups count; float16 weights are rounded before it. Each addition may
/// lose a subnormal's last bit.
static void check_sums(const check_product *product, const operands *operands, const float *c) {
    const ck_window *const window = &product->window;
    const size_t m = window->height * window->width, n = product->n;
    const size_t additions =
        taps(window) * (is_quantized(product) ? 2 * product->groups + 1 : window->channels) + 1;
    const size_t step = product->is_timed ? 1009 : 1;
    for (size_t at = 0; at < m * n; at += step) {
        const size_t i = at / n, j = at % n;
        const exact expected = expected_output(product, operands, i, j);
        const double bound =
            (double)additions * (0x1p-23 * expected.magnitude + 0x1p-149) + expected.rounding;
        if (!check_value("c", at, expected.sum, c[i * operands->ldc + j], bound)) {
            return;
        }
    }
}

/// What lies between the rows of C is not touched.
static void check_gaps(const check_product *product, const operands *operands, const float *c) {
    for (size_t i = 0; i + 1 < product->window.height * product->window.width; i++) {
        for (size_t j = product->n; j < operands->ldc; j++) {
            uint32_t bits;
            memcpy(&bits, &c[i * operands->ldc + j], sizeof bits);
            if (bits != UINT32_MAX) {
                check_fail("row %zu is written at %zu of %zu", i, j, product->n);
                return;
            }
        }
    }
}

/// In four pieces, cut at any row and any panel: the same bytes. Nothing lies behind this output,
/// so AddressSanitizer sees a read past its end.
static void check_pieces(const check_product *product, const operands *operands, bool is_conv,
                         const float *c, size_t c_count) {
    const size_t height = product->window.height;
    const size_t row = check_below(height + 1), panel = check_below(operands->panels + 1);
    const ck_panel_range left = {0, panel}, right = {panel, operands->panels};
    float *pieces = check_input(c_count * sizeof *pieces, 0);
    multiply(product, operands, is_conv, row, height - row, right, pieces);
    multiply(product, operands, is_conv, 0, row, left, pieces);
    multiply(product, operands, is_conv, 0, row, right, pieces);
    multiply(product, operands, is_conv, row, height - row, left, pieces);
    check_same("pieces", c_count, sizeof *c, c, pieces);
}

static void check_reference(const check_product *product, const operands *operands, bool is_conv,
                            const float *c, size_t c_count) {
    const ck_panel_range all = {0, operands->panels};
    float *reference = check_output(c_count * sizeof *reference, 0);
    check_use_reference();
    multiply(product, operands, is_conv, 0, product->window.height, all, reference);
    check_use_tested();
    check_same("c against the reference", c_count, sizeof *c, reference, c);
}

/// One tap after the other, over all pixels of the strip: the same sum, tap by tap, within the
/// rounding of their additions.
static void check_taps(const check_product *product, const operands *operands) {
    const ck_window *const window = &product->window;
    const size_t rows = pixels(window), n = product->n, k = taps(window) * window->channels;
    const ck_panels_q8 b = {operands->b, operands->b_scale, n, k};
    const ck_panel_range all = {0, operands->panels};
    float *c = check_output(rows * operands->ldc * sizeof *c, 0);
    for (size_t tap = 0; tap < taps(window); tap++) {
        multiply_tap(product, operands, b, tap, all, c);
        for (size_t at = 0; at < rows * n; at += 7) {
            const size_t i = at / n, j = at % n;
            exact expected = {0};
            add_tap(product, operands, i, tap, j, &expected);
            const double bias = operands->bias ? operands->bias[j] : 0;
            const double sum = expected.sum * operands->b_scale[j] + bias;
            const double size = expected.magnitude * operands->b_scale[j] + fabs(bias);
            const double bound = (double)(2 * product->groups + 2) * (0x1p-23 * size + 0x1p-149);
            if (!check_value("tap", at, sum, c[i * operands->ldc + j], bound)) {
                return;
            }
        }
    }
}

static bool begin_case(check_product *product, bool is_conv) {
    static const char *const types[CHECK_TYPES] = {"f32_f32", "f32_f16", "q16_q8", "q8_q8",
                                                   "q16_f16"};
    static const char *const fillings[CHECK_FILLINGS] = {"random", "extremes", "largest", "zeros"};
    char name[32];
    snprintf(name, sizeof name, "%s_%s", is_conv ? "conv" : "gemm", types[product->types]);
    ck_window *const window = &product->window;
    window->channels = 0;
    for (size_t g = 0; g < product->groups; g++) {
        window->channels += product->group_k[g];
    }
    return check_case(name, "m=%zux%zu window=%zux%zu/%zu k=%zu/%zu n=%zu %s", window->height,
                      window->width, window->kernel_h, window->kernel_w, window->stride,
                      window->channels, product->groups, product->n, fillings[product->filling]);
}

/// What the products of these types are made of.
static const check_unit units[CHECK_TYPES] = {CHECK_F32, CHECK_F32, CHECK_INT16, CHECK_INT8,
                                              CHECK_INT16};

void check_one_product(check_product product, bool is_conv) {
    if (!begin_case(&product, is_conv)) {
        return;
    }
    ck_window *const window = &product.window;
    const size_t m = window->height * window->width;
    window->strip_width = m > 0 ? (window->width - 1) * window->stride + window->kernel_w : 1;
    if (is_conv) {
        window->strip_width += check_below(3);
    }
    const operands operands = make_operands(&product);
    const size_t c_count = m > 0 && product.n > 0 ? (m - 1) * operands.ldc + product.n : 0;
    const ck_panel_range all = {0, operands.panels};
    float *c = check_output(c_count * sizeof *c, sizeof *c * check_below(4));
    multiply(&product, &operands, is_conv, 0, window->height, all, c);
    check_sums(&product, &operands, c);
    check_gaps(&product, &operands, c);
    check_pieces(&product, &operands, is_conv, c, c_count);
    if (is_quantized(&product) && !product.is_timed) {
        check_reference(&product, &operands, is_conv, c, c_count);
        if (is_conv && has_bytes(&product)) {
            check_taps(&product, &operands);
        }
    }
    const double work = 2.0 * (double)(m * product.n * taps(window) * window->channels);
    check_bench bench = check_bench_begin(work, units[product.types]);
    while (product.is_timed && check_bench_next(&bench)) {
        multiply(&product, &operands, is_conv, 0, window->height, all, c);
    }
}
