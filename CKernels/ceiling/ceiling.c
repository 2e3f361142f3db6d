#include "ceiling_table.h"

enum { per_sum = 2 * ck_ceiling_sums }; // Operations of a round, for each product in a register.

#define F32 CK_ARITHMETIC_F32
#define INT16 CK_ARITHMETIC_INT16
#define INT8 CK_ARITHMETIC_INT8

/// Lowest rung first.
static const ck_mix mixes[] = {
#if defined(__x86_64__)
    {CK_ISA_AVX2, F32, "vfmadd", per_sum * 8, ck_ceiling_f32__avx2},
    {CK_ISA_AVX2, INT16, "vpmaddwd+vpaddd", per_sum * 16, ck_ceiling_int16__avx2},
    {CK_ISA_AVX_VNNI, INT8, "vpdpbusd", per_sum * 32, ck_ceiling_int8__avx_vnni},
    {CK_ISA_AVX512_VNNI_256, INT8, "vpdpbusd", per_sum * 32, ck_ceiling_int8__avx512_vnni_256},
    {CK_ISA_AVX512_VNNI, F32, "vfmadd, 512 bits", per_sum * 16, ck_ceiling_f32__avx512_vnni},
    {CK_ISA_AVX512_VNNI, INT8, "vpdpbusd, 512 bits", per_sum * 64, ck_ceiling_int8__avx512_vnni},
#elif defined(__aarch64__)
    {CK_ISA_NEON, F32, "fmla", per_sum * 4, ck_ceiling_f32__neon},
    {CK_ISA_NEON, INT16, "smlal", per_sum * 4, ck_ceiling_int16__neon},
    {CK_ISA_NEON, INT8, "smull+sadalp", per_sum * 8, ck_ceiling_int8__neon},
    {CK_ISA_NEON_DOTPROD, INT8, "sdot", per_sum * 16, ck_ceiling_int8__neon_dotprod},
#endif
};

const ck_mix *ck_ceiling_mix(ck_arithmetic arithmetic, ck_isa isa) {
    const ck_mix *best = NULL;
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        const bool fits = mixes[i].arithmetic == arithmetic && mixes[i].isa <= isa;
        best = fits ? &mixes[i] : best;
    }
    return !best && arithmetic == INT8 ? ck_ceiling_mix(INT16, isa) : best;
}
