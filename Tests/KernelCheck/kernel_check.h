/// The kernel check: every rung of the ladder against the reference, on random and hostile inputs.
///
/// A family's check lives in `check_<family>.c`. It is called once for each rung that this machine
/// can run (the reference too) and, case by case,
///
///     if (!check_case("silu", "count=%zu", count)) continue;   // filtered out, or names the case
///     const float *x = check_input_f32(count, offset, CHECK_NORMAL);
///     float *expected = check_output(count * sizeof *expected, 0);
///     float *actual = check_output(count * sizeof *actual, offset * sizeof *actual);
///     check_use_reference();
///     ck_silu(count, x, expected);
///     check_use_tested();
///     ck_silu(count, x, actual);
///     check_close("y", count, expected, actual, bound, absolute);
///     for (check_bench bench = check_bench_begin(2.0 * bytes, CHECK_BYTES);
///     check_bench_next(&bench);)
///         ck_silu(count, x, actual);
///
/// Buffers live until the next case. Inputs end where their heap block ends, so AddressSanitizer
/// sees a read past the end; outputs have guard bytes on both sides, looked at when the case ends.
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include "kernels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What a random input is made of.
typedef enum check_kind {
    CHECK_NORMAL,   ///< About normal, standard deviation 1.
    CHECK_ZERO,     ///< 0 and −0.
    CHECK_TINY,     ///< Subnormals, and the normals next to them.
    CHECK_HUGE,     ///< Up to 1e30: products overflow.
    CHECK_WIDE,     ///< Any finite exponent and sign.
    CHECK_INFINITE, ///< Normal, and ±∞ here and there.
    CHECK_NAN,      ///< Any bit pattern.
    CHECK_KINDS,
} check_kind;

/// Begins a case. The name is what `--filter` looks in; name and parameters are printed with each
/// failure and seed the random numbers, so a case is the same whatever ran before it. Frees the
/// buffers of the case before. False when the case is filtered out.
bool check_case(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Fills the dispatch table with the reference, or with the rung under test.
void check_use_reference(void);
void check_use_tested(void);
/// The rung under test.
ck_isa check_tested(void);
/// The name of a kind, for the parameters of a case.
const char *check_kind_name(check_kind kind);

/// 64 random bits; a number below `bound`; a number in [low, high); about normal(0, 1).
uint64_t check_random(void);
size_t check_below(size_t bound);
float check_uniform(float low, float high);
float check_normal(void);
/// `count` numbers of a kind.
void check_fill_f32(size_t count, float *x, check_kind kind);

/// `bytes` bytes for an input, 64-byte aligned if `offset` is 0 and `bytes` a multiple of 64,
/// otherwise for its element.
void *check_input(size_t bytes, size_t offset);
/// The same filled with numbers; the offset counts floats.
float *check_input_f32(size_t count, size_t offset, check_kind kind);
/// `bytes` bytes between guards for an output, `offset` bytes past a 64-byte boundary, poisoned
/// with a pattern that is NaN as float32.
void *check_output(size_t bytes, size_t offset);

/// Looks at the guards and frees all buffers: what ends a case.
void check_free_buffers(void);

/// Fails the case unless both hold the same bytes; `size` is an element's.
void check_same(const char *what, size_t count, size_t size, const void *expected,
                const void *actual);
/// Fails the case unless |actual − expected| ≤ relative · |expected| + absolute for every element
/// (equal infinities and any two NaN agree).
void check_close(const char *what, size_t count, const float *expected, const float *actual,
                 double relative, double absolute);
/// The same for one value. False when it failed.
bool check_value(const char *what, size_t index, double expected, double actual, double bound);
/// Fails the case with a message.
void check_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// What a kernel's work is counted in, and what its speed is compared with: a copy of as many
/// bytes, or a loop of nothing but products of this kind.
typedef enum check_unit { CHECK_BYTES, CHECK_F32, CHECK_INT16, CHECK_INT8 } check_unit;

/// A timing loop over the rung under test; it runs not once without `--bench`, or where a call's
/// work is too little to time.
typedef struct check_bench {
    double work; ///< Bytes or operations a call; a multiply-add is two.
    check_unit unit;
    size_t calls, target;
    double begin, best;
    int rounds;
} check_bench;

check_bench check_bench_begin(double work, check_unit unit);
bool check_bench_next(check_bench *bench);
/// True with `--bench`, when a check adds the large cases worth timing.
bool check_benchmarking(void);
/// Prints name, rung and parameters of the case, without ending the line.
void check_print_case(void);

/// Small and odd counts: 0, 1, around vector and unroll widths, primes.
extern const size_t check_counts[];
extern const size_t check_counts_count;

// The families, each in its own file.
void check_attention(void);
void check_attention_int(void);
void check_conv(void);
void check_elementwise(void);
void check_gemm(void);
void check_isa(void);
void check_normalization(void);
void check_quantize(void);
void check_resample(void);
void check_winograd(void);
void check_winograd_pixels(void);

#endif
