#include "ceiling_table.h"

/// Lowest rung first.
static const ck_mix mixes[] = {
#if defined(__x86_64__)
    {CK_ISA_AVX2, CK_ARITHMETIC_F32, "vfmadd", ck_ceiling_sums * 8 * 2, ck_ceiling_f32_256__avx2},
    {CK_ISA_AVX2, CK_ARITHMETIC_INT16, "vpmaddwd+vpaddd", ck_ceiling_sums * 16 * 2,
     ck_ceiling_int16_256__avx2},
#elif defined(__aarch64__)
    {CK_ISA_NEON, CK_ARITHMETIC_F32, "fmla", ck_ceiling_sums * 4 * 2, ck_ceiling_f32__neon},
    {CK_ISA_NEON, CK_ARITHMETIC_INT16, "smlal", ck_ceiling_sums * 4 * 2, ck_ceiling_int16__neon},
    {CK_ISA_NEON, CK_ARITHMETIC_INT8, "smull+sadalp", ck_ceiling_sums * 8 * 2,
     ck_ceiling_int8__neon},
    {CK_ISA_NEON_DOTPROD, CK_ARITHMETIC_INT8, "sdot", ck_ceiling_sums * 16 * 2,
     ck_ceiling_int8__neon_dotprod},
#endif
};

const ck_mix *ck_ceiling_mix(ck_arithmetic arithmetic, ck_isa isa) {
    const ck_mix *best = NULL;
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        const bool fits = mixes[i].arithmetic == arithmetic && mixes[i].isa <= isa;
        best = fits ? &mixes[i] : best;
    }
    const bool widens = !best && arithmetic == CK_ARITHMETIC_INT8;
    return widens ? ck_ceiling_mix(CK_ARITHMETIC_INT16, isa) : best;
}
