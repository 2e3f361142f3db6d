/// Between float32 and the narrow types.
#ifndef CK_QUANTIZE_H
#define CK_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// Quantises rows of float32 on the fly, one scale for each row and each group of consecutive k:
/// scale = max|x| / L, q = round-half-even(x · (L / max|x|)) clamped to ±L, L = 2047 (q16) or 127
/// (q8). A group of zeros, or of nothing as large as 2⁻¹¹⁰, gets scale 0 and zeros. Infinities and
/// NaN are the caller's to keep out: they give some scale and some integers, never undefined
/// behaviour. x rows hold `Σ group_x[g]` values side by side; q rows hold each group padded with
/// zeros to `group_q[g]` ≥ group_x[g] (a multiple of 4). scale is [rows][groups], and so is the
/// offset of int8 rows, −128 · Σ q over the group. Every rung gives the same bits.
void ck_quantize_q16(size_t rows, size_t groups, const size_t *group_x, const size_t *group_q,
                     const float *x, size_t ldx, int16_t *q, size_t ldq, float *scale);
void ck_quantize_q8(size_t rows, size_t groups, const size_t *group_x, const size_t *group_q,
                    const float *x, size_t ldx, int8_t *q, size_t ldq, float *scale,
                    int32_t *offset);

/// x = q · scale.
void ck_dequantize_q8(size_t count, const int8_t *q, float scale, float *x);

/// IEEE binary16 to float32 (exact, subnormals, infinities and NaN included).
void ck_f32_from_f16(size_t count, const uint16_t *x, float *y);
/// The same for `rows` rows of `count` numbers, which begin `ldx` and `ldy` elements apart.
void ck_f32_from_f16_rows(size_t rows, size_t count, const uint16_t *x, size_t ldx, float *y,
                          size_t ldy);
/// float32 to IEEE binary16, round half to even, overflow to infinity, subnormals kept.
void ck_f16_from_f32(size_t count, const float *x, uint16_t *y);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
