/// Elementwise kernels against the reference, whose double arithmetic is exact to half an ulp.
#include "kernel_check.h"

#include <math.h>
#include <string.h>

typedef void unary(size_t count, const float *x, float *y);

static const double ulp = 0x1p-23;

/// The declared relative bounds at x (elementwise.h).
typedef double relative_bound(double x);

static double silu_bound(double x) {
    (void)x;
    return 4 * ulp;
}

static double gelu_bound(double x) {
    return (x < -6 ? 12 : 6) * ulp;
}

static double quick_gelu_bound(double x) {
    return (4 + fmin(2 * fabs(x), 1e3)) * ulp;
}

/// Results this small may be flushed to zero.
static const double flushed = 0x1p-118;

static void compare(size_t count, const float *x, const float *expected, const float *actual,
                    relative_bound *relative) {
    for (size_t i = 0; i < count; i++) {
        const double bound = relative(x[i]) * fabs((double)expected[i]) + flushed;
        if (!check_value("y", i, expected[i], actual[i], bound)) {
            check_fail("x is %a", (double)x[i]);
            return;
        }
    }
}

static void check_unary(const char *name, unary *kernel, relative_bound *relative, size_t count,
                        size_t offset, check_kind kind) {
    if (!check_case(name, "count=%zu offset=%zu kind=%s", count, offset, check_kind_name(kind))) {
        return;
    }
    const float *x = check_input_f32(count, offset, kind);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, offset * 4);
    check_use_reference();
    kernel(count, x, expected);
    check_use_tested();
    kernel(count, x, actual);
    compare(count, x, expected, actual, relative);
    memcpy(expected, x, count * 4);
    kernel(count, expected, expected);
    check_close("in place", count, actual, expected, 0, 0);
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        kernel(count, x, actual);
    }
}

/// One float of every 2¹⁴, over all exponents and both signs, and more where results are not
/// trivial.
static void check_sweep(const char *name, unary *kernel, relative_bound *relative) {
    const size_t count = 1 << 18, fine = 1 << 17;
    if (!check_case(name, "count=%zu", count + fine)) {
        return;
    }
    float *x = check_input((count + fine) * 4, 0);
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)(i << 14 | check_below(1 << 14));
        memcpy(x + i, &bits, sizeof bits);
    }
    for (size_t i = 0; i < fine; i++) {
        x[count + i] = check_uniform(-16, 16);
    }
    float *expected = check_output((count + fine) * 4, 0);
    float *actual = check_output((count + fine) * 4, 0);
    check_use_reference();
    kernel(count + fine, x, expected);
    check_use_tested();
    kernel(count + fine, x, actual);
    compare(count + fine, x, expected, actual, relative);
}

/// Rows with a gap between them; the gap of the output stays as it is.
typedef struct rows {
    size_t count, channels, ldx, ldy, offset;
    check_kind kind;
} rows;

static rows random_rows(size_t channels, size_t inputs, size_t offset, check_kind kind) {
    const size_t width = inputs * channels;
    return (rows){check_below(4), channels, width + check_below(5), channels + check_below(5),
                  offset,         kind};
}

static bool rows_case(const char *name, const rows *r) {
    return check_case(name, "rows=%zu channels=%zu ldx=%zu ldy=%zu offset=%zu kind=%s", r->count,
                      r->channels, r->ldx, r->ldy, r->offset, check_kind_name(r->kind));
}

static void check_geglu(const rows *r) {
    if (!rows_case("geglu", r)) {
        return;
    }
    const size_t count = r->count * r->ldy;
    const float *x = check_input_f32(r->count * r->ldx, r->offset, r->kind);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, r->offset * 4);
    check_use_reference();
    ck_geglu(r->count, r->channels, x, r->ldx, expected, r->ldy);
    check_use_tested();
    ck_geglu(r->count, r->channels, x, r->ldx, actual, r->ldy);
    for (size_t i = 0; i < count; i++) {
        const size_t row = i / r->ldy, c = i % r->ldy;
        if (c >= r->channels) {
            check_same("gap", 1, 4, expected + i, actual + i);
            continue;
        }
        const float value = x[row * r->ldx + c], gate = x[row * r->ldx + r->channels + c];
        // The gate's result may be flushed before the value multiplies it: nothing is said of ∞ ·
        // 0.
        if (isfinite(value) || !(gate < -12)) {
            const double lost = flushed * fmax(1, isfinite(value) ? fabs((double)value) : 1);
            const double bound = fabs((double)expected[i]) * gelu_bound(gate) + lost;
            check_value("y", i, expected[i], actual[i], bound);
        }
    }
    for (check_bench bench = check_bench_begin(12.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_geglu(r->count, r->channels, x, r->ldx, actual, r->ldy);
    }
}

static void check_prelu(const rows *r) {
    if (!rows_case("prelu", r)) {
        return;
    }
    const size_t count = r->count * r->ldy;
    const float *x = check_input_f32(r->count * r->ldx, r->offset, r->kind);
    const float *slope = check_input_f32(r->channels, r->offset, CHECK_NORMAL);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, r->offset * 4);
    check_use_reference();
    ck_prelu(r->count, r->channels, x, r->ldx, slope, expected, r->ldy);
    check_use_tested();
    ck_prelu(r->count, r->channels, x, r->ldx, slope, actual, r->ldy);
    check_close("y", count, expected, actual, 0, 0);
    float *in_place = check_output(r->count * r->ldx * 4, r->offset * 4);
    memcpy(in_place, x, r->count * r->ldx * 4);
    ck_prelu(r->count, r->channels, in_place, r->ldx, slope, in_place, r->ldx);
    for (size_t row = 0; row < r->count; row++) {
        check_close("in place", r->channels, actual + row * r->ldy, in_place + row * r->ldx, 0, 0);
    }
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_prelu(r->count, r->channels, x, r->ldx, slope, actual, r->ldy);
    }
}

static void check_leaky_relu(size_t count, size_t offset, check_kind kind) {
    if (!check_case("leaky_relu", "count=%zu offset=%zu kind=%s", count, offset,
                    check_kind_name(kind))) {
        return;
    }
    const float *x = check_input_f32(count, offset, kind), slope = check_uniform(-0.5f, 1);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, offset * 4);
    check_use_reference();
    ck_leaky_relu(count, x, slope, expected);
    check_use_tested();
    ck_leaky_relu(count, x, slope, actual);
    check_close("y", count, expected, actual, 0, 0);
    memcpy(expected, x, count * 4);
    ck_leaky_relu(count, expected, slope, expected);
    check_close("in place", count, actual, expected, 0, 0);
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_leaky_relu(count, x, slope, actual);
    }
}

/// With factor 1 a sum, and every rung has its bits; otherwise the product may be rounded or not.
static void check_scale_add(size_t count, size_t offset, check_kind kind, float factor) {
    if (!check_case("scale_add", "count=%zu offset=%zu kind=%s factor=%g", count, offset,
                    check_kind_name(kind), (double)factor)) {
        return;
    }
    const float *x = check_input_f32(count, offset, kind), *y = check_input_f32(count, 0, kind);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, offset * 4);
    memcpy(expected, y, count * 4);
    memcpy(actual, y, count * 4);
    check_use_reference();
    ck_scale_add(count, x, factor, expected);
    check_use_tested();
    ck_scale_add(count, x, factor, actual);
    for (size_t i = 0; i < count; i++) {
        const double product = fabs((double)y[i] * factor);
        const double bound =
            factor == 1 || !isfinite(product) ? 0 : ulp * (product + fabs((double)expected[i]));
        if (!check_value("y", i, expected[i], actual[i], bound + (factor == 1 ? 0 : 0x1p-148))) {
            break;
        }
    }
    for (check_bench bench = check_bench_begin(12.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_scale_add(count, x, 1, actual);
    }
}

static void check_sum_of_three(size_t count, size_t offset, check_kind kind) {
    if (!check_case("sum_of_three", "count=%zu offset=%zu kind=%s", count, offset,
                    check_kind_name(kind))) {
        return;
    }
    const float *a = check_input_f32(count, offset, kind), *b = check_input_f32(count, 0, kind);
    const float *c = check_input_f32(count, 1, kind);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, offset * 4);
    check_use_reference();
    ck_sum_of_three(count, a, b, c, expected);
    check_use_tested();
    ck_sum_of_three(count, a, b, c, actual);
    check_close("y", count, expected, actual, 0, 0);
    for (check_bench bench = check_bench_begin(16.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_sum_of_three(count, a, b, c, actual);
    }
}

static void check_all(size_t count, size_t offset, check_kind kind) {
    check_unary("silu", ck_silu, silu_bound, count, offset, kind);
    check_unary("quick_gelu", ck_quick_gelu, quick_gelu_bound, count, offset, kind);
    check_unary("gelu", ck_gelu, gelu_bound, count, offset, kind);
    check_leaky_relu(count, offset, kind);
    check_scale_add(count, offset, kind, 1);
    check_scale_add(count, offset, kind, -0.3f);
    check_sum_of_three(count, offset, kind);
}

void check_elementwise(void) {
    for (size_t i = 0; i < check_counts_count; i++) {
        for (check_kind kind = 0; kind < CHECK_KINDS; kind++) {
            check_all(check_counts[i], i % 5, kind);
            const rows gated = random_rows(check_counts[i], 2, i % 5, kind);
            check_geglu(&gated);
            const rows plain = random_rows(check_counts[i], 1, i % 5, kind);
            check_prelu(&plain);
        }
    }
    check_all(16384, 0, CHECK_NORMAL);
    check_geglu(&(rows){8, 1280, 2560, 1280, 0, CHECK_NORMAL});
    check_prelu(&(rows){256, 64, 64, 64, 0, CHECK_NORMAL});
    check_sweep("silu_sweep", ck_silu, silu_bound);
    check_sweep("quick_gelu_sweep", ck_quick_gelu, quick_gelu_bound);
    check_sweep("gelu_sweep", ck_gelu, gelu_bound);
}
