/// Elementwise kernels against the reference, whose double arithmetic is exact to half an ulp.
#include "kernel_check.h"

#include <math.h>

typedef void unary(size_t count, const float *x, float *y);

static const double ulp = 0x1p-23;

/// `relative` and `absolute` · |x| are the kernel's declared bound; results below the normal range
/// may be flushed to zero.
static void check_unary(const char *name, unary *kernel, double relative, double absolute,
                        size_t count, size_t offset, check_kind kind) {
    if (!check_case(name, "count=%zu offset=%zu kind=%s", count, offset, check_kind_name(kind))) {
        return;
    }
    const float *x = check_input_f32(count, offset, kind);
    float *expected = check_output(count * sizeof *expected, 0);
    float *actual = check_output(count * sizeof *actual, offset * sizeof *actual);
    check_use_reference();
    kernel(count, x, expected);
    check_use_tested();
    kernel(count, x, actual);
    for (size_t i = 0; i < count; i++) {
        const double scale = isfinite(x[i]) ? fabs((double)x[i]) : 0;
        const double bound = relative * fabs((double)expected[i]) + absolute * scale + 0x1p-124;
        if (!check_value("y", i, expected[i], actual[i], bound)) {
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        actual[i] = x[i];
    }
    kernel(count, actual, actual);
    float *apart = check_output(count * sizeof *apart, offset * sizeof *apart);
    kernel(count, x, apart);
    check_same("in place", count, sizeof *apart, apart, actual);
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        kernel(count, x, actual);
    }
}

static void check_unaries(size_t count, size_t offset, check_kind kind) {
    check_unary("silu", ck_silu, 4 * ulp, 0, count, offset, kind);
    check_unary("quick_gelu", ck_quick_gelu, 8 * ulp, 2 * ulp, count, offset, kind);
    check_unary("gelu", ck_gelu, 4 * ulp, 2 * ulp, count, offset, kind);
}

void check_elementwise(void) {
    for (size_t i = 0; i < check_counts_count; i++) {
        for (check_kind kind = 0; kind < CHECK_KINDS; kind++) {
            check_unaries(check_counts[i], i % 5, kind);
        }
    }
    check_unaries(16384, 0, CHECK_NORMAL);
}
