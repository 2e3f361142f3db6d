/// What the processor can do at most: loops of nothing but the instructions that the inner loops of
/// matrix products consist of, with all operands in registers. A kernel's speed is judged by them.
///
/// No kernel needs these, and none has a place in the dispatch table.
#ifndef CK_CEILING_H
#define CK_CEILING_H

#include "../isa/isa.h"

#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// The arithmetic of a product: what is multiplied and what it is summed in.
typedef enum ck_arithmetic {
    CK_ARITHMETIC_F32,   ///< float32 in float32.
    CK_ARITHMETIC_INT16, ///< int16 in int32.
    CK_ARITHMETIC_INT8,  ///< int8 in int32.
} ck_arithmetic;

/// A mix of instructions.
typedef struct ck_mix {
    ck_isa isa; ///< The rung that brings it.
    ck_arithmetic arithmetic;
    const char *name;           ///< The instructions.
    double operations;          ///< Of a round; a multiply-add is two.
    void (*run)(size_t rounds); ///< Runs as many rounds.
} ck_mix;

/// The mix that products of this arithmetic are made of on the rung `isa`; NULL on the reference
/// rung. Where int8 has no instructions of its own, it is widened to int16.
const ck_mix *_Nullable ck_ceiling_mix(ck_arithmetic arithmetic, ck_isa isa);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
