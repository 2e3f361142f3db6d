/// Conversions: every rung gives the reference's bits, and the reference what the format defines.
#include "kernel_check.h"

#include <math.h>
#include <stdlib.h>

enum { most_groups = 3 };

/// Groups of a row: how many values, and how many with padding.
typedef struct groups {
    size_t count, x[most_groups], q[most_groups], row_x, row_q;
} groups;

static groups random_groups(size_t first) {
    groups g = {.count = 1 + check_below(most_groups)};
    for (size_t i = 0; i < g.count; i++) {
        g.x[i] = i == 0 ? first : check_below(70);
        g.q[i] = (g.x[i] + 3) / 4 * 4 + 4 * check_below(2);
        g.row_x += g.x[i];
        g.row_q += g.q[i];
    }
    return g;
}

/// What the header promises of one group, in double.
static void check_group(size_t count, const float *x, size_t padded, const int *q, float scale,
                        int limit) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)x[i]));
    }
    const bool zeros = largest < 0x1p-110;
    check_value("scale", 0, zeros ? 0 : largest / limit, scale, largest / limit * 0x1p-24);
    for (size_t i = 0; i < padded; i++) {
        const double exact = i >= count || zeros ? 0 : x[i] * (limit / largest);
        // Two roundings of a relative 2⁻²⁴ each may tip a value at one half.
        if (!check_value("q", i, exact, q[i], 0.5 + 1.5 * limit * 0x1p-23) || abs(q[i]) > limit) {
            check_fail("q[%zu] is %d, exactly %.9g", i, q[i], exact);
            return;
        }
    }
}

static void check_groups(const groups *g, size_t rows, const float *x, const int *q,
                         const float *scale, int limit) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < g->count; i++) {
            check_group(g->x[i], x, g->q[i], q, scale[r * g->count + i], limit);
            x += g->x[i];
            q += g->q[i];
        }
    }
}

static void check_offsets(const groups *g, size_t rows, const int *q, const int32_t *offset) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < g->count; i++) {
            int sum = 0;
            for (size_t j = 0; j < g->q[i]; j++) {
                sum += *q++;
            }
            if (offset[r * g->count + i] != -128 * sum) {
                check_fail("offset of group %zu in row %zu is %d, for a sum of %d", i, r,
                           offset[r * g->count + i], sum);
            }
        }
    }
}

static void run_q16(const groups *g, size_t rows, size_t offset, const float *x, bool finite) {
    const size_t count = rows * g->row_q, scales = rows * g->count;
    int16_t *expected = check_output(count * 2, 0), *actual = check_output(count * 2, offset * 2);
    float *scale = check_output(scales * 4, 0), *actual_scale = check_output(scales * 4, 0);
    check_use_reference();
    ck_quantize_q16(rows, g->count, g->x, g->q, x, g->row_x, expected, g->row_q, scale);
    check_use_tested();
    ck_quantize_q16(rows, g->count, g->x, g->q, x, g->row_x, actual, g->row_q, actual_scale);
    int *wide = check_input(count * sizeof *wide, 0);
    for (size_t i = 0; i < count; i++) {
        wide[i] = actual[i];
        if (wide[i] > 2047 || wide[i] < -2047) {
            check_fail("q[%zu] is %d", i, wide[i]);
        }
    }
    if (finite) {
        check_same("q", count, 2, expected, actual);
        check_same("scale", scales, 4, scale, actual_scale);
        check_groups(g, rows, x, wide, actual_scale, 2047);
    }
    for (check_bench bench = check_bench_begin(6.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_quantize_q16(rows, g->count, g->x, g->q, x, g->row_x, actual, g->row_q, actual_scale);
    }
}

static void run_q8(const groups *g, size_t rows, size_t offset, const float *x, bool finite) {
    const size_t count = rows * g->row_q, scales = rows * g->count;
    int8_t *expected = check_output(count, 0), *actual = check_output(count, offset);
    float *scale = check_output(scales * 4, 0), *actual_scale = check_output(scales * 4, 0);
    int32_t *offset_expected = check_output(scales * 4, 0);
    int32_t *offset_actual = check_output(scales * 4, 0);
    check_use_reference();
    ck_quantize_q8(rows, g->count, g->x, g->q, x, g->row_x, expected, g->row_q, scale,
                   offset_expected);
    check_use_tested();
    ck_quantize_q8(rows, g->count, g->x, g->q, x, g->row_x, actual, g->row_q, actual_scale,
                   offset_actual);
    int *wide = check_input(count * sizeof *wide, 0);
    for (size_t i = 0; i < count; i++) {
        wide[i] = actual[i];
        if (wide[i] < -127) {
            check_fail("q[%zu] is %d", i, wide[i]);
        }
    }
    if (finite) {
        check_same("q", count, 1, expected, actual);
        check_same("scale", scales, 4, scale, actual_scale);
        check_same("offset", scales, 4, offset_expected, offset_actual);
        check_offsets(g, rows, wide, offset_actual);
        check_groups(g, rows, x, wide, actual_scale, 127);
    }
    for (check_bench bench = check_bench_begin(5.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_quantize_q8(rows, g->count, g->x, g->q, x, g->row_x, actual, g->row_q, actual_scale,
                       offset_actual);
    }
}

static void check_rows(size_t rows, size_t channels, size_t offset, check_kind kind, bool one) {
    const bool finite = kind != CHECK_INFINITE && kind != CHECK_NAN;
    static const char *const names[] = {"quantize_q16", "quantize_q8"};
    for (int type = 0; type < 2; type++) {
        if (!check_case(names[type], "rows=%zu channels=%zu offset=%zu kind=%s", rows, channels,
                        offset, check_kind_name(kind))) {
            continue;
        }
        const groups alone = {
            1, {channels}, {(channels + 3) / 4 * 4}, channels, (channels + 3) / 4 * 4};
        const groups g = one ? alone : random_groups(channels);
        const float *x = check_input_f32(rows * g.row_x, offset, kind);
        if (type == 0) {
            run_q16(&g, rows, offset, x, finite);
        } else {
            run_q8(&g, rows, offset, x, finite);
        }
    }
}

static void check_dequantize(size_t count, size_t offset) {
    if (!check_case("dequantize_q8", "count=%zu offset=%zu", count, offset)) {
        return;
    }
    int8_t *q = check_input(count, offset);
    for (size_t i = 0; i < count; i++) {
        q[i] = (int8_t)check_random();
    }
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, offset * 4);
    const float scale = check_normal();
    for (size_t i = 0; i < count; i++) {
        expected[i] = (float)((double)q[i] * scale);
    }
    ck_dequantize_q8(count, q, scale, actual);
    check_same("x", count, 4, expected, actual);
    for (check_bench bench = check_bench_begin(5.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_dequantize_q8(count, q, scale, actual);
    }
}

/// All 65536 numbers, and the definition in double beside the reference.
static void check_from_half(void) {
    const size_t count = 65536;
    if (!check_case("f32_from_f16", "count=%zu all", count)) {
        return;
    }
    uint16_t *x = check_input(count * 2, 0);
    float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, 0);
    for (size_t i = 0; i < count; i++) {
        x[i] = (uint16_t)i;
    }
    check_use_reference();
    ck_f32_from_f16(count, x, expected);
    check_use_tested();
    ck_f32_from_f16(count, x, actual);
    check_same("y", count, 4, expected, actual);
    for (size_t i = 0; i < count; i++) {
        const int exponent = i >> 10 & 31, fraction = i & 1023;
        const double magnitude = exponent == 31  ? (fraction ? NAN : INFINITY)
                                 : exponent == 0 ? ldexp(fraction, -24)
                                                 : ldexp(1024 + fraction, exponent - 25);
        check_value("y", i, i & 0x8000 ? -magnitude : magnitude, actual[i], 0);
    }
    for (check_bench bench = check_bench_begin(6.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_f32_from_f16(count, x, actual);
    }
}

/// For every half and its upper neighbour: the numbers around the tie between them.
static void check_ties(void) {
    const size_t halves = 0x7c00, count = halves * 6;
    if (!check_case("f16_from_f32", "count=%zu ties", count)) {
        return;
    }
    float *x = check_input(count * 4, 0);
    uint16_t *expected = check_input(count * 2, 0), *actual = check_output(count * 2, 0);
    for (size_t i = 0; i < halves; i++) {
        const uint16_t pair[2] = {(uint16_t)i, (uint16_t)(i + 1)};
        float value[2];
        ck_f32_from_f16(2, pair, value);
        const float next = pair[1] == 0x7c00 ? 65536 : value[1], tie = (value[0] + next) / 2;
        const float around[3] = {nextafterf(tie, 0), tie, nextafterf(tie, INFINITY)};
        const uint16_t nearest[3] = {pair[0], pair[i & 1], pair[1]};
        for (size_t j = 0; j < 3; j++) {
            x[6 * i + 2 * j] = around[j];
            x[6 * i + 2 * j + 1] = -around[j];
            expected[6 * i + 2 * j] = nearest[j];
            expected[6 * i + 2 * j + 1] = nearest[j] | 0x8000;
        }
    }
    ck_f16_from_f32(count, x, actual);
    check_same("y", count, 2, expected, actual);
    for (check_bench bench = check_bench_begin(6.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_f16_from_f32(count, x, actual);
    }
}

static void check_halves(size_t count, size_t offset, check_kind kind) {
    if (check_case("f16_from_f32", "count=%zu offset=%zu kind=%s", count, offset,
                   check_kind_name(kind))) {
        const float *x = check_input_f32(count, offset, kind);
        uint16_t *expected = check_output(count * 2, 0);
        uint16_t *actual = check_output(count * 2, offset * 2);
        check_use_reference();
        ck_f16_from_f32(count, x, expected);
        check_use_tested();
        ck_f16_from_f32(count, x, actual);
        check_same("y", count, 2, expected, actual);
    }
    if (check_case("f32_from_f16", "count=%zu offset=%zu", count, offset)) {
        uint16_t *x = check_input(count * 2, offset * 2);
        for (size_t i = 0; i < count; i++) {
            x[i] = (uint16_t)check_random();
        }
        float *expected = check_output(count * 4, 0), *actual = check_output(count * 4, offset * 4);
        check_use_reference();
        ck_f32_from_f16(count, x, expected);
        check_use_tested();
        ck_f32_from_f16(count, x, actual);
        check_same("y", count, 4, expected, actual);
    }
}

/// Rows with gaps: each as if alone, nothing between them.
static void check_rows_of_halves(void) {
    const size_t rows = check_below(40), count = check_below(70);
    if (!check_case("f32_from_f16_rows", "rows=%zu count=%zu", rows, count)) {
        return;
    }
    const size_t ldx = count + check_below(3), ldy = count + check_below(3);
    uint16_t *x = check_input((rows * ldx + 1) * 2, 0);
    for (size_t i = 0; i < rows * ldx; i++) {
        x[i] = (uint16_t)check_random();
    }
    float *expected = check_output((rows * ldy + 1) * 4, 0);
    float *actual = check_output((rows * ldy + 1) * 4, 0);
    for (size_t r = 0; r < rows; r++) {
        ck_f32_from_f16(count, x + r * ldx, expected + r * ldy);
    }
    ck_f32_from_f16_rows(rows, count, x, ldx, actual, ldy);
    check_same("y", rows * ldy + 1, 4, expected, actual);
}

void check_quantize(void) {
    for (size_t i = 0; i < 40; i++) {
        check_rows_of_halves();
    }

    for (size_t i = 0; i < check_counts_count; i++) {
        for (check_kind kind = 0; kind < CHECK_KINDS; kind++) {
            check_rows(1 + i % 3, check_counts[i], i % 5, kind, false);
            check_halves(check_counts[i], i % 5, kind);
        }
        check_dequantize(check_counts[i], i % 5);
    }
    check_rows(64, 320, 0, CHECK_NORMAL, true);
    check_rows(512, 64, 0, CHECK_NORMAL, true);
    check_dequantize(20480, 0);
    check_from_half();
    check_ties();
}
