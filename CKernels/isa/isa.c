/// Processor detection, and the dispatch table filled bottom-up.
#include "isa.h"

#include "table.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

ck_table ck_kernels;

/// This architecture's rungs, lowest first.
static const ck_isa ladder[] = {
    CK_ISA_REFERENCE,
#if defined(__x86_64__)
    CK_ISA_AVX2,
#elif defined(__aarch64__)
    CK_ISA_NEON,
    CK_ISA_NEON_DOTPROD,
#endif
};

static const size_t ladder_count = sizeof ladder / sizeof *ladder;

static const struct {
    ck_isa isa;
    const char *name;
} names[] = {
    {CK_ISA_REFERENCE, "reference"},
    {CK_ISA_AVX2, "avx2"},
    {CK_ISA_NEON, "neon"},
    {CK_ISA_NEON_DOTPROD, "neon-dotprod"},
};

static const size_t names_count = sizeof names / sizeof *names;

#if defined(__x86_64__)

/// The processor has the instructions, and the system saves the wide registers.
static bool has_avx2_fma_f16c(void) {
    const unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29;
    const unsigned first = osxsave | avx | fma | f16c, avx2 = 1u << 5;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first) {
        return false;
    }
    unsigned saved, high;
    __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    const unsigned sse_and_avx_state = 6;
    if ((saved & sse_and_avx_state) != sse_and_avx_state) {
        return false;
    }
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & avx2);
}

static bool processor_runs(ck_isa isa) {
    return isa == CK_ISA_REFERENCE || (isa == CK_ISA_AVX2 && has_avx2_fma_f16c());
}

#elif defined(__aarch64__)

static bool has_dot_product(void) {
#if defined(__linux__)
    const unsigned long asimddp = 1ul << 20;
    return (getauxval(AT_HWCAP) & asimddp) != 0;
#elif defined(__APPLE__)
    return true;
#else
    return false;
#endif
}

static bool processor_runs(ck_isa isa) {
    return isa != CK_ISA_NEON_DOTPROD || has_dot_product();
}

#else

static bool processor_runs(ck_isa isa) {
    return isa == CK_ISA_REFERENCE;
}

#endif

bool ck_isa_available(ck_isa isa) {
    for (size_t i = 0; i < ladder_count; i++) {
        if (ladder[i] == isa) {
            return processor_runs(isa);
        }
    }
    return false;
}

ck_isa ck_best_isa(void) {
    ck_isa best = CK_ISA_REFERENCE;
    for (size_t i = 0; i < ladder_count; i++) {
        if (processor_runs(ladder[i])) {
            best = ladder[i];
        }
    }
    return best;
}

static void fill(ck_isa isa) {
    for (size_t i = 0; i < ladder_count && ladder[i] <= isa; i++) {
        ck_fill_gemm(&ck_kernels.gemm, ladder[i]);
        ck_fill_attention(&ck_kernels.attention, ladder[i]);
        ck_fill_normalization(&ck_kernels.normalization, ladder[i]);
        ck_fill_elementwise(&ck_kernels.elementwise, ladder[i]);
        ck_fill_quantize(&ck_kernels.quantize, ladder[i]);
    }
    ck_kernels.isa = isa;
}

/// Runs before main, so that there is no moment with an empty table.
__attribute__((constructor)) static void fill_with_reference(void) {
    fill(CK_ISA_REFERENCE);
}

bool ck_select_isa(ck_isa isa) {
    if (!ck_isa_available(isa)) {
        return false;
    }
    fill(isa);
    return true;
}

ck_isa ck_selected_isa(void) {
    return ck_kernels.isa;
}

ck_activation ck_preferred_activation(void) {
    return ck_kernels.isa == CK_ISA_NEON_DOTPROD ? CK_ACTIVATION_Q8 : CK_ACTIVATION_Q16;
}

const char *ck_isa_name(ck_isa isa) {
    for (size_t i = 0; i < names_count; i++) {
        if (names[i].isa == isa) {
            return names[i].name;
        }
    }
    return NULL;
}

bool ck_isa_from_name(const char *name, ck_isa *isa) {
    for (size_t i = 0; i < names_count; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *isa = names[i].isa;
            return true;
        }
    }
    return false;
}
