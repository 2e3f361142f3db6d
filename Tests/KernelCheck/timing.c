/// Timing: how long a kernel takes, and how much that is of what the processor can do at most.
#include "kernel_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { least_bytes = 60000, least_operations = 20000000 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Ceilings

/// What the fastest of some rounds of `run` takes for one of its `count` repetitions.
static double best_seconds(void (*run)(size_t count, void *with), size_t count, void *with) {
    double best = INFINITY;
    for (int round = 0; round < 9; round++) {
        const double begin = now();
        run(count, with);
        best = fmin(best, (now() - begin) / (double)count);
    }
    return best;
}

static void run_mix(size_t count, void *mix) {
    ((const ck_mix *)mix)->run(count);
}

typedef struct copy {
    void *from, *to;
    size_t bytes;
} copy;

static void run_copy(size_t count, void *with) {
    const copy *const copy = with;
    for (; count > 0; count--) {
        memcpy(copy->to, copy->from, copy->bytes);
        __asm__ volatile("" : : "r"(copy->to) : "memory"); // Every copy counts, not the last alone.
    }
}

/// Bytes a second that a copy moves which reads and writes `bytes` together.
static double copied_bytes_per_second(double bytes) {
    copy copy = {.bytes = (size_t)bytes / 2};
    copy.from = malloc(copy.bytes);
    copy.to = malloc(copy.bytes);
    if (!copy.from || !copy.to) {
        fprintf(stderr, "kernel-check: no room to copy %zu bytes\n", copy.bytes);
        exit(2);
    }
    memset(copy.from, 1, copy.bytes);
    const double least_copied = 2e7;
    const size_t count = 1 + (size_t)(least_copied / bytes);
    const double seconds = best_seconds(run_copy, count, &copy);
    free(copy.from);
    free(copy.to);
    return bytes / seconds;
}

/// The ceiling of a unit on the rung under test. The name stays empty where there is none.
typedef struct ceiling {
    double per_second;
    const char *name;
} ceiling;

static ceiling mix_ceiling(ck_arithmetic arithmetic) {
    static struct {
        const ck_mix *mix;
        double per_second;
    } known[CK_ARITHMETIC_INT8 + 1];
    const ck_mix *const mix = ck_ceiling_mix(arithmetic, check_tested());
    if (!mix) {
        return (ceiling){0, ""};
    }
    if (known[arithmetic].mix != mix) {
        const size_t rounds = 200000;
        known[arithmetic].mix = mix;
        known[arithmetic].per_second = mix->operations / best_seconds(run_mix, rounds, (void *)mix);
    }
    return (ceiling){known[arithmetic].per_second, mix->name};
}

static ceiling ceiling_of(const check_bench *bench) {
    switch (bench->unit) {
    case CHECK_F32:
        return mix_ceiling(CK_ARITHMETIC_F32);
    case CHECK_INT16:
        return mix_ceiling(CK_ARITHMETIC_INT16);
    case CHECK_INT8:
        return mix_ceiling(CK_ARITHMETIC_INT8);
    default:
        return (ceiling){copied_bytes_per_second(bench->work), "copy"};
    }
}

// Kernels

check_bench check_bench_begin(double work, check_unit unit) {
    return (check_bench){.work = work, .unit = unit, .target = 1, .begin = now(), .best = INFINITY};
}

static void report(const check_bench *bench) {
    const double per_second = bench->work / bench->best;
    const ceiling ceiling = ceiling_of(bench);
    check_print_case();
    printf(" %12.1f ns %8.2f %s", bench->best * 1e9, per_second * 1e-9,
           bench->unit == CHECK_BYTES ? "GB/s   " : "GFLOP/s");
    if (*ceiling.name) {
        printf(" %4.0f %% of %.1f (%s)", 100 * per_second / ceiling.per_second,
               ceiling.per_second * 1e-9, ceiling.name);
    }
    putchar('\n');
}

/// Doubles the calls a round until a round lasts a millisecond, then takes the best of nine.
bool check_bench_next(check_bench *bench) {
    const double shortest = 1e-3;
    const int last_round = 9;
    const double least = bench->unit == CHECK_BYTES ? least_bytes : least_operations;
    if (!check_benchmarking() || bench->work < least) {
        return false;
    }
    if (bench->calls++ < bench->target) {
        return true;
    }
    const double seconds = now() - bench->begin;
    if (bench->rounds == 0 && seconds < shortest) {
        bench->target *= 2;
    } else {
        bench->rounds++;
        bench->best = fmin(bench->best, seconds / (double)bench->target);
    }
    if (bench->rounds < last_round) {
        bench->calls = 1;
        bench->begin = now();
        return true;
    }
    report(bench);
    return false;
}
