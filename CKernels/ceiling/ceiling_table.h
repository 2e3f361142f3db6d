/// The loops behind the mixes, one file an instruction set.
#ifndef CK_CEILING_TABLE_H
#define CK_CEILING_TABLE_H

#include "ceiling.h"

/// Accumulators of a loop: as many as hide the latency of any of the instructions.
enum { ck_ceiling_sums = 12 };

#if defined(__x86_64__)
void ck_ceiling_f32__avx2(size_t rounds);
void ck_ceiling_int16__avx2(size_t rounds);
void ck_ceiling_int8__avx_vnni(size_t rounds);
void ck_ceiling_int8__avx512_vnni_256(size_t rounds);
void ck_ceiling_f32__avx512_vnni(size_t rounds);
void ck_ceiling_int8__avx512_vnni(size_t rounds);
#endif

#if defined(__aarch64__)
void ck_ceiling_f32__neon(size_t rounds);
void ck_ceiling_int16__neon(size_t rounds);
void ck_ceiling_int8__neon(size_t rounds);
void ck_ceiling_int8__neon_dotprod(size_t rounds);
#endif

#endif
