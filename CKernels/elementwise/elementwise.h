/// Activations and sums, element by element.
///
/// Relative error against the exact value, measured over all floats: SiLU within 4 ulp, GELU within
/// 6 (12 below −6), quick-GELU within 4 + 2|x|; the rest one rounding for each operation at most.
/// Results under 2⁻¹¹⁸ may be zero. Nothing overflows on the way; NaN in gives NaN out, and the
/// activations of −∞ are NaN (−∞ · 0) as the formulas say. y may be x everywhere; other overlaps
/// are not allowed.
#ifndef CK_ELEMENTWISE_H
#define CK_ELEMENTWISE_H

#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// y = x / (1 + e⁻ˣ).
void ck_silu(size_t count, const float *x, float *y);
/// y = x · ½(1 + erf(x/√2)), the exact GELU.
void ck_gelu(size_t count, const float *x, float *y);
/// y = x / (1 + e^(−1.702 x)).
void ck_quick_gelu(size_t count, const float *x, float *y);
/// y[r][c] = x[r][c] · gelu(x[r][channels + c]); x rows hold 2 · channels values. y is not x.
/// - Source: Shazeer, arXiv:2002.05202; diffusers' GEGLU (value half first, gate half second).
void ck_geglu(size_t rows, size_t channels, const float *x, size_t ldx, float *y, size_t ldy);
/// y = x for x ≥ 0, slope · x below.
void ck_leaky_relu(size_t count, const float *x, float slope, float *y);
/// y[r][c] = x[r][c] for x ≥ 0, slope[c] · x[r][c] below.
void ck_prelu(size_t rows, size_t channels, const float *x, size_t ldx, const float *slope,
              float *y, size_t ldy);
/// y = y · factor + x. With factor 1: a residual sum.
void ck_scale_add(size_t count, const float *x, float factor, float *y);
/// y = (a + b) + c; every rung gives the same bits.
void ck_sum_of_three(size_t count, const float *a, const float *b, const float *c, float *y);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
