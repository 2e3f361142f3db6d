/// The harness: options, rungs, random numbers, comparisons, timing.
#include "kernel_check.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { most_reports = 20 };

const size_t check_counts[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  15,  16,  17, 23,
                               24, 25, 31, 32, 33, 47, 63, 64, 65, 127, 129, 257};
const size_t check_counts_count = sizeof check_counts / sizeof *check_counts;

static struct {
    uint64_t seed, random;
    const char *filter;
    bool bench;
    ck_isa tested;
    size_t cases, failures;
    bool in_case, failed;
    char name[64], parameters[192];
} state = {.seed = 1};

// Cases and failures

static uint64_t mix(uint64_t hash, const char *text) {
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return hash;
}

static void end_case(void) {
    check_free_buffers();
    state.failures += state.failed;
    state.failed = false;
    state.in_case = false;
}

bool check_case(const char *name, const char *format, ...) {
    end_case();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(state.parameters, sizeof state.parameters, format, arguments);
    va_end(arguments);
    snprintf(state.name, sizeof state.name, "%s", name);
    if (state.filter && !strstr(name, state.filter)) {
        return false;
    }
    state.random = mix(mix(0xcbf29ce484222325u ^ state.seed, name), state.parameters) | 1;
    state.in_case = true;
    state.cases++;
    check_use_tested();
    return true;
}

void check_fail(const char *format, ...) {
    if (state.failed || state.failures >= most_reports) {
        state.failed = true;
        return;
    }
    state.failed = true;
    printf("FAIL %s %s %s seed=%llu: ", state.name, ck_isa_name(state.tested), state.parameters,
           (unsigned long long)state.seed);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void check_use_reference(void) {
    ck_select_isa(CK_ISA_REFERENCE);
}

void check_use_tested(void) {
    ck_select_isa(state.tested);
}

ck_isa check_tested(void) {
    return state.tested;
}

bool check_benchmarking(void) {
    return state.bench;
}

void check_print_case(void) {
    printf("%-18s %-12s %-34s", state.name, ck_isa_name(state.tested), state.parameters);
}

// Random numbers: xorshift64*

uint64_t check_random(void) {
    state.random ^= state.random >> 12;
    state.random ^= state.random << 25;
    state.random ^= state.random >> 27;
    return state.random * 0x2545f4914f6cdd1du;
}

size_t check_below(size_t bound) {
    return (size_t)(check_random() >> 11) % bound;
}

float check_uniform(float low, float high) {
    return low + (high - low) * ((float)(check_random() >> 40) * 0x1p-24f);
}

float check_normal(void) {
    float sum = 0;
    for (int i = 0; i < 6; i++) {
        sum += check_uniform(-1, 1);
    }
    return sum * 0.70710678f;
}

const char *check_kind_name(check_kind kind) {
    static const char *const names[CHECK_KINDS] = {"normal", "zero",     "tiny", "huge",
                                                   "wide",   "infinite", "nan"};
    return names[kind];
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float one_of(check_kind kind) {
    const uint32_t bits = (uint32_t)(check_random() >> 32), sign = bits & 0x80000000;
    switch (kind) {
    case CHECK_ZERO:
        return from_bits(sign);
    case CHECK_TINY:
        return from_bits(bits & 0x80ffffff);
    case CHECK_HUGE:
        return check_uniform(-1e30f, 1e30f);
    case CHECK_WIDE:
        return from_bits(sign | (bits & 0x7fffffff) % 0x7f800000);
    case CHECK_INFINITE:
        return check_below(8) ? check_normal() : from_bits(sign | 0x7f800000);
    case CHECK_NAN:
        return check_below(4) ? from_bits(bits) : from_bits(sign | 0x7fc00000);
    default:
        return check_normal();
    }
}

void check_fill_f32(size_t count, float *x, check_kind kind) {
    for (size_t i = 0; i < count; i++) {
        x[i] = one_of(kind);
    }
}

// Comparisons

void check_same(const char *what, size_t count, size_t size, const void *expected,
                const void *actual) {
    const unsigned char *e = expected, *a = actual;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(e + i * size, a + i * size, size) != 0) {
            uint64_t expected_bits = 0, actual_bits = 0;
            memcpy(&expected_bits, e + i * size, size < 8 ? size : 8);
            memcpy(&actual_bits, a + i * size, size < 8 ? size : 8);
            check_fail("%s[%zu] is 0x%llx, expected 0x%llx", what, i,
                       (unsigned long long)actual_bits, (unsigned long long)expected_bits);
            return;
        }
    }
}

bool check_value(const char *what, size_t index, double expected, double actual, double bound) {
    const bool agrees = isnan(expected)   ? isnan(actual)
                        : isinf(expected) ? actual == expected
                                          : fabs(actual - expected) <= bound;
    if (!agrees) {
        check_fail("%s[%zu] is %.9g, expected %.9g within %.3g", what, index, actual, expected,
                   bound);
    }
    return agrees;
}

void check_close(const char *what, size_t count, const float *expected, const float *actual,
                 double relative, double absolute) {
    for (size_t i = 0; i < count; i++) {
        const double bound = relative * fabs((double)expected[i]) + absolute;
        if (!check_value(what, i, expected[i], actual[i], bound)) {
            return;
        }
    }
}

// The program

static void check_rung(ck_isa isa) {
    const size_t cases = state.cases, failures = state.failures;
    state.tested = isa;
    check_use_tested();
    void (*const families[])(void) = {
        check_isa,           check_quantize,        check_elementwise,
        check_normalization, check_resample,        check_gemm,
        check_conv,          check_attention,       check_attention_int,
        check_winograd,      check_winograd_pixels,
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        families[i]();
    }
    end_case();
    printf("%s: %zu cases, %zu failed\n", ck_isa_name(isa), state.cases - cases,
           state.failures - failures);
}

static int usage(void) {
    fputs("usage: kernel-check [--seed NUMBER] [--filter TEXT] [--bench]\n"
          "  --seed    other random numbers (default 1)\n"
          "  --filter  only cases whose name contains TEXT\n"
          "  --bench   time the kernels too\n"
          "INKSTONE_ISA=NAME checks that rung only, such as reference, avx2 or neon.\n",
          stderr);
    return 2;
}

static bool read_options(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        const bool more = i + 1 < count;
        if (strcmp(arguments[i], "--bench") == 0) {
            state.bench = true;
        } else if (strcmp(arguments[i], "--seed") == 0 && more) {
            char *end;
            state.seed = strtoull(arguments[++i], &end, 0);
            if (*end) {
                return false;
            }
        } else if (strcmp(arguments[i], "--filter") == 0 && more) {
            state.filter = arguments[++i];
        } else {
            return false;
        }
    }
    return true;
}

/// Names the case in which the program ends: an illegal instruction, a touched guard page, or what
/// a sanitizer found.
static void say_case(void) {
    fflush(stdout);
    dprintf(STDERR_FILENO, "kernel-check: died in %s %s %s seed=%llu\n", state.name,
            ck_isa_name(state.tested), state.parameters, (unsigned long long)state.seed);
}

static void end_by_signal(int number) {
    say_case();
    signal(number, SIG_DFL);
    raise(number);
}

/// Present where a sanitizer is linked in.
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void say_case_at_death(void) {
    signal(SIGSEGV, end_by_signal);
    signal(SIGBUS, end_by_signal);
    signal(SIGILL, end_by_signal);
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(say_case);
    }
}

int main(int count, char **arguments) {
    static const ck_isa rungs[] = {
        CK_ISA_REFERENCE,   CK_ISA_AVX2, CK_ISA_AVX_VNNI,     CK_ISA_AVX512_VNNI_256,
        CK_ISA_AVX512_VNNI, CK_ISA_NEON, CK_ISA_NEON_DOTPROD,
    };
    if (!read_options(count, arguments)) {
        return usage();
    }
    say_case_at_death();
    const char *forced = getenv("INKSTONE_ISA");
    ck_isa only = CK_ISA_REFERENCE;
    if (forced && !(ck_isa_from_name(forced, &only) && ck_isa_available(only))) {
        fprintf(stderr, "kernel-check: INKSTONE_ISA=%s cannot run here\n", forced);
        return 2;
    }
    for (size_t i = 0; i < sizeof rungs / sizeof *rungs; i++) {
        if (ck_isa_available(rungs[i]) && (!forced || rungs[i] == only)) {
            check_rung(rungs[i]);
        }
    }
    printf("kernel-check: %zu cases, %zu failed, seed %llu\n", state.cases, state.failures,
           (unsigned long long)state.seed);
    return state.failures || !state.cases ? 1 : 0;
}
