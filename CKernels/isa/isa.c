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
    CK_ISA_AVX2,      CK_ISA_AVX_VNNI, CK_ISA_AVX512_VNNI_256, CK_ISA_AVX512_VNNI,
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
    {CK_ISA_REFERENCE, "reference"},       {CK_ISA_AVX2, "avx2"},
    {CK_ISA_AVX_VNNI, "avx-vnni"},         {CK_ISA_AVX512_VNNI_256, "avx512-vnni-256"},
    {CK_ISA_AVX512_VNNI, "avx512-vnni"},   {CK_ISA_NEON, "neon"},
    {CK_ISA_NEON_DOTPROD, "neon-dotprod"},
};

static const size_t names_count = sizeof names / sizeof *names;

#if defined(__x86_64__)

/// The registers of `leaf`, `subleaf`; zeros where the processor has no such leaf.
typedef struct cpuid_leaf {
    unsigned a, b, c, d;
} cpuid_leaf;

static cpuid_leaf read_leaf(unsigned number, unsigned subleaf) {
    cpuid_leaf leaf = {0};
    __get_cpuid_count(number, subleaf, &leaf.a, &leaf.b, &leaf.c, &leaf.d);
    return leaf;
}

/// The system saves these parts of the state from thread to thread: vectors are theirs only then.
static bool saves_state(unsigned parts) {
    const unsigned osxsave = 1u << 27;
    if (!(read_leaf(1, 0).c & osxsave)) {
        return false;
    }
    unsigned saved, high;
    __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    return (saved & parts) == parts;
}

static bool has_avx2_fma_f16c(void) {
    const unsigned avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29, avx2 = 1u << 5;
    const unsigned first = avx | fma | f16c, sse_and_avx_state = 0x6;
    return (read_leaf(1, 0).c & first) == first && saves_state(sse_and_avx_state) &&
           (read_leaf(7, 0).b & avx2);
}

static bool has_avx_vnni(void) {
    const unsigned avx_vnni = 1u << 4;
    return has_avx2_fma_f16c() && (read_leaf(7, 1).a & avx_vnni);
}

static bool has_avx512_vnni(void) {
    const unsigned f = 1u << 16, bw = 1u << 30, vl = 1u << 31, vnni = 1u << 11;
    const unsigned sse_avx_and_avx512_state = 0xe6;
    const cpuid_leaf extended = read_leaf(7, 0);
    return has_avx2_fma_f16c() && saves_state(sse_avx_and_avx512_state) &&
           (extended.b & (f | bw | vl)) == (f | bw | vl) && (extended.c & vnni);
}

static bool detect(ck_isa isa) {
    switch (isa) {
    case CK_ISA_REFERENCE:
        return true;
    case CK_ISA_AVX2:
        return has_avx2_fma_f16c();
    case CK_ISA_AVX_VNNI:
        return has_avx_vnni();
    case CK_ISA_AVX512_VNNI_256:
    case CK_ISA_AVX512_VNNI:
        return has_avx512_vnni();
    default:
        return false;
    }
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

static bool detect(ck_isa isa) {
    return isa != CK_ISA_NEON_DOTPROD || has_dot_product();
}

#else

static bool detect(ck_isa isa) {
    return isa == CK_ISA_REFERENCE;
}

#endif

/// The rungs that this processor can run, found before main: asking it may take a virtual machine
/// microseconds each time.
static bool detected[CK_ISA_COUNT];

static bool processor_runs(ck_isa isa) {
    return detected[isa];
}

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
        if (!processor_runs(ladder[i])) {
            continue;
        }
        ck_fill_gemm(&ck_kernels.gemm, ladder[i]);
        ck_fill_attention(&ck_kernels.attention, ladder[i]);
        ck_fill_attention_int(&ck_kernels.attention_int, ladder[i]);
        ck_fill_normalization(&ck_kernels.normalization, ladder[i]);
        ck_fill_elementwise(&ck_kernels.elementwise, ladder[i]);
        ck_fill_quantize(&ck_kernels.quantize, ladder[i]);
        ck_fill_winograd(&ck_kernels.winograd, ladder[i]);
    }
    ck_kernels.isa = isa;
}

/// So that there is no moment with an empty table.
__attribute__((constructor)) static void fill_with_reference(void) {
    for (size_t i = 0; i < ladder_count; i++) {
        detected[ladder[i]] = detect(ladder[i]);
    }
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
    switch (ck_kernels.isa) {
    case CK_ISA_AVX_VNNI:
    case CK_ISA_AVX512_VNNI_256:
    case CK_ISA_AVX512_VNNI:
    case CK_ISA_NEON_DOTPROD:
        return CK_ACTIVATION_Q8;
    default:
        return CK_ACTIVATION_Q16;
    }
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
