/// Which instruction set the kernels run on.
///
/// One binary holds every rung of its architecture's ladder. `ck_select_isa` fills the dispatch
/// table bottom-up: the reference first, then each rung up to the chosen one that the processor has
/// overwrites the entries that it does better. Before the first call the table holds the reference.
#ifndef CK_ISA_H
#define CK_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// The rungs, lowest first within an architecture.
typedef enum ck_isa {
    CK_ISA_REFERENCE = 0,
    CK_ISA_AVX2 = 10,            ///< x86-64 with AVX2, FMA and F16C.
    CK_ISA_AVX_VNNI = 11,        ///< The same with AVX-VNNI, at 256 bits.
    CK_ISA_AVX512_VNNI_256 = 12, ///< AVX-512's VNNI and VL, at 256 bits: the same kernels.
    CK_ISA_AVX512_VNNI = 13,     ///< AVX-512 (F, BW, VL) with VNNI, at 512 bits.
    CK_ISA_NEON = 20,            ///< ARMv8-A.
    CK_ISA_NEON_DOTPROD = 21,    ///< ARMv8.2-A with SDOT.
} ck_isa;

#define CK_ISA_COUNT 32 ///< Every rung's number is below it.

/// What the files of the rung at 512 bits are compiled for.
#define CK_TARGET_AVX512 "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512vnni"

/// Precision of activations that multiply int8 weights: what the selected rung does best.
typedef enum ck_activation {
    CK_ACTIVATION_Q16 = 0, ///< 12 significant bits in int16, scale per row and group.
    CK_ACTIVATION_Q8 = 1,  ///< 8 bits, scale per row and group.
} ck_activation;

/// The highest rung that this processor can run.
ck_isa ck_best_isa(void);

/// True when this binary holds the rung and this processor can run it.
bool ck_isa_available(ck_isa isa);

/// Fills the dispatch table up to `isa`, which must be available (returns false otherwise and
/// leaves the table alone). Not thread-safe: call it once, before the first kernel.
bool ck_select_isa(ck_isa isa);

/// The rung that the table was filled up to.
ck_isa ck_selected_isa(void);

/// The activation precision that the selected rung prefers.
ck_activation ck_preferred_activation(void);

/// "reference", "avx2", "avx-vnni", "avx512-vnni-256", "avx512-vnni", "neon", "neon-dotprod"; NULL
/// for a number that names no rung.
const char *_Nullable ck_isa_name(ck_isa isa);

/// The rung of that name into `isa`; false when there is none.
bool ck_isa_from_name(const char *name, ck_isa *isa);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
