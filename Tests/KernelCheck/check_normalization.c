/// Norms against the reference, whose double arithmetic is exact for this purpose.
#include "kernel_check.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double ulp = 0x1p-23;
/// Results this small may be flushed to zero.
static const double flushed = 0x1p-118;

typedef struct shape {
    size_t rows, channels, ldx, ldy, offset;
    check_kind kind;
} shape;

static bool shape_case(const char *name, const shape *s) {
    return check_case(name, "rows=%zu channels=%zu ldx=%zu ldy=%zu offset=%zu kind=%s", s->rows,
                      s->channels, s->ldx, s->ldy, s->offset, check_kind_name(s->kind));
}

/// Sums in double keep their order: the same bits on every rung, as long as there is no NaN.
static void check_sums(const shape *s) {
    if (!shape_case("channel_sums", s)) {
        return;
    }
    const float *x = check_input_f32(s->rows * s->ldx, s->offset, s->kind);
    double *expected[2], *actual[2];
    for (int i = 0; i < 2; i++) {
        expected[i] = check_output(s->channels * 8, 0);
        actual[i] = check_output(s->channels * 8, s->offset * 8);
        for (size_t c = 0; c < s->channels; c++) {
            expected[i][c] = actual[i][c] = (double)check_normal();
        }
    }
    check_use_reference();
    ck_channel_sums(s->rows, s->channels, x, s->ldx, expected[0], expected[1]);
    check_use_tested();
    ck_channel_sums(s->rows, s->channels, x, s->ldx, actual[0], actual[1]);
    for (size_t c = 0; c < s->channels; c++) {
        check_value("sum", c, expected[0][c], actual[0][c], 0);
        check_value("square", c, expected[1][c], actual[1][c], 0);
    }
    for (check_bench bench = check_bench_begin(4.0 * (double)(s->rows * s->ldx), CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_channel_sums(s->rows, s->channels, x, s->ldx, actual[0], actual[1]);
    }
}

/// 4 ulp for x · scale + shift = u; then what that does to SiLU, and SiLU's own 4 ulp.
static double affine_bound(double u, double expected, bool silu) {
    if (!silu) {
        return 4 * ulp * fabs(u);
    }
    const double logistic = 1 / (1 + exp(-u)), slope = logistic * (1 + u * (1 - logistic));
    return 4 * ulp * (fabs(u * slope) + fabs(expected));
}

static void compare_affine(const shape *s, const float *x, const float *scale, const float *shift,
                           bool silu, const float *expected, const float *actual) {
    for (size_t i = 0; i < s->rows * s->ldy; i++) {
        const size_t r = i / s->ldy, c = i % s->ldy;
        if (c >= s->channels) {
            check_same("gap", 1, 4, expected + i, actual + i);
            continue;
        }
        const double u = (double)x[r * s->ldx + c] * scale[c] + shift[c];
        // SiLU of a u that only double can hold is no promise.
        if (!(fabs(u) > FLT_MAX)) {
            const double bound = affine_bound(u, expected[i], silu) + flushed;
            check_value("y", i, expected[i], actual[i], bound);
        }
    }
}

static void check_affine(const shape *s, bool silu) {
    if (!shape_case(silu ? "scale_shift_silu" : "scale_shift", s)) {
        return;
    }
    const size_t count = s->rows * s->ldy;
    const float *x = check_input_f32(s->rows * s->ldx, s->offset, s->kind);
    const float *scale = check_input_f32(s->channels, s->offset, CHECK_NORMAL);
    const float *shift = check_input_f32(s->channels, 0, CHECK_NORMAL);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, s->offset * 4);
    check_use_reference();
    ck_scale_shift(s->rows, s->channels, x, s->ldx, scale, shift, silu, expected, s->ldy);
    check_use_tested();
    ck_scale_shift(s->rows, s->channels, x, s->ldx, scale, shift, silu, actual, s->ldy);
    compare_affine(s, x, scale, shift, silu, expected, actual);
    float *in_place = check_output(s->rows * s->ldx * 4, s->offset * 4);
    memcpy(in_place, x, s->rows * s->ldx * 4);
    ck_scale_shift(s->rows, s->channels, in_place, s->ldx, scale, shift, silu, in_place, s->ldx);
    for (size_t r = 0; r < s->rows; r++) {
        check_close("in place", s->channels, actual + r * s->ldy, in_place + r * s->ldx, 0, 0);
    }
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_scale_shift(s->rows, s->channels, x, s->ldx, scale, shift, silu, actual, s->ldy);
    }
}

/// `mean` moves all values: what the deviation loses to a large mean is the input's, not ours.
static void check_layer(const shape *s, float mean) {
    if (!shape_case(mean == 0 ? "layer_norm" : "layer_norm_far", s)) {
        return;
    }
    const size_t count = s->rows * s->ldy;
    float *x = check_input_f32(s->rows * s->ldx, s->offset, s->kind);
    for (size_t i = 0; i < s->rows * s->ldx; i++) {
        x[i] += mean;
    }
    const float *gamma = check_input_f32(s->channels, s->offset, CHECK_NORMAL);
    const float *beta = check_input_f32(s->channels, 0, CHECK_NORMAL), epsilon = 1e-5f;
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, s->offset * 4);
    check_use_reference();
    ck_layer_norm(s->rows, s->channels, x, s->ldx, gamma, beta, epsilon, expected, s->ldy);
    check_use_tested();
    ck_layer_norm(s->rows, s->channels, x, s->ldx, gamma, beta, epsilon, actual, s->ldy);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % s->ldy;
        if (c >= s->channels) {
            check_same("gap", 1, 4, expected + i, actual + i);
            continue;
        }
        const double bound =
            4 * ulp * (fabs(expected[i] - (double)beta[c]) + fabs((double)beta[c]));
        check_value("y", i, expected[i], actual[i], bound + flushed);
    }
    ck_layer_norm(s->rows, s->channels, x, s->ldx, gamma, beta, epsilon, x, s->ldx);
    for (size_t r = 0; r < s->rows; r++) {
        check_close("in place", s->channels, actual + r * s->ldy, x + r * s->ldx, 0, 0);
    }
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_layer_norm(s->rows, s->channels, x, s->ldx, gamma, beta, epsilon, actual, s->ldy);
    }
}

static void check_shape(const shape *s) {
    check_sums(s);
    check_affine(s, false);
    check_affine(s, true);
    check_layer(s, 0);
    if (s->kind == CHECK_NORMAL) {
        check_layer(s, 1000);
    }
}

void check_normalization(void) {
    static const size_t rows[] = {0, 1, 2, 15, 16, 17, 33};
    for (size_t i = 0; i < check_counts_count; i++) {
        for (check_kind kind = 0; kind < CHECK_KINDS; kind++) {
            const size_t channels = check_counts[i];
            const shape s = {rows[(i + kind) % 7], channels, channels + i % 4,
                             channels + i % 3,     i % 5,    kind};
            check_shape(&s);
        }
    }
    check_shape(&(shape){64, 320, 320, 320, 0, CHECK_NORMAL});
}
