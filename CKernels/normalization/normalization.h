/// Group and layer normalisation.
///
/// Group norm goes in two passes, so that several threads can share a picture and a convolution can
/// apply the second pass while it packs its input: first sums over chunks of pixels, then a scale
/// and a shift per channel (computed by the caller from the sums), fused with SiLU where one
/// follows.
/// - Source: Wu & He, arXiv:1803.08494; Ba et al., arXiv:1607.06450; matches torch.nn.GroupNorm,
/// LayerNorm.
#ifndef CK_NORMALIZATION_H
#define CK_NORMALIZATION_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// sum[c] += Σ x, square[c] += Σ x² over `rows` pixels of x [rows, channels] (row stride `ldx`).
/// Sums are kept in double. Relative error under 1e-7 for up to 2²⁰ rows.
void ck_channel_sums(size_t rows, size_t channels, const float *x, size_t ldx, double *sum,
                     double *square);

/// y = x · scale[c] + shift[c], then SiLU if `silu`. y may be x. Within 4 ulp of the exact result
/// of the affine part plus SiLU's own bound (elementwise.h).
void ck_scale_shift(size_t rows, size_t channels, const float *x, size_t ldx, const float *scale,
                    const float *shift, bool silu, float *y, size_t ldy);

/// y[r] = (x[r] − mean) / √(variance + epsilon) · gamma + beta over each row. y may be x.
/// Mean and variance in two passes, accumulated in float32 lanes or wider: relative error under
/// 1e-6.
void ck_layer_norm(size_t rows, size_t channels, const float *x, size_t ldx, const float *gamma,
                   const float *beta, float epsilon, float *y, size_t ldy);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
