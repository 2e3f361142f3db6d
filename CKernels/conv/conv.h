/// Convolution as a matrix product that reads its rows through a window (no im2col buffer).
///
/// The caller packs a strip of the picture: `(height − 1) · stride + kernel_h` rows of
/// `strip_width` pixels, zero padding already in place, a pixel's channels side by side (the
/// concatenated inputs of a skip connection are groups of the same pixel row). Output pixel (y, x)
/// of the strip sums over the window's taps t = ky · kernel_w + kx the strip's pixel
/// (y · stride + ky, x · stride + kx). A padding pixel is all zeros, its scales too.
///
/// Weights are panels of gemm.h with k = taps · channels, tap-major: k index = t · channels + c.
/// For quantised activations `channels` is a multiple of 4, and each tap sums the groups of its
/// pixel, so a scale belongs to one pixel and one group. Order of sums (taps, then groups), numeric
/// promise, alignment and aliasing as in gemm.h.
#ifndef CK_CONV_H
#define CK_CONV_H

#include "../gemm/gemm.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// Geometry of a strip of output pixels.
typedef struct ck_window {
    size_t height, width; ///< Output pixels.
    size_t strip_width;   ///< Input pixels in a row of the packed strip, padding included.
    size_t kernel_h, kernel_w;
    size_t stride;
    size_t channels; ///< k of one tap.
} ck_window;

/// C[y · width + x][j] = Σ over taps and channels + bias[j], for the panels in `range`.
/// `a` rows are the strip's pixels, `b.k` = kernel_h · kernel_w · channels; `ldc` in elements.
void ck_conv_f32_f32(ck_window window, ck_rows_f32 a, ck_panels_f32 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc);
void ck_conv_f32_f16(ck_window window, ck_rows_f32 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc);
void ck_conv_q16_q8(ck_window window, ck_rows_q16 a, ck_panels_q8 b, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc);
void ck_conv_q16_f16(ck_window window, ck_rows_q16 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc);
void ck_conv_q8_q8(ck_window window, ck_rows_q8 a, ck_panels_q8 b, ck_panel_range range,
                   const float *_Nullable bias, float *c, size_t ldc);

/// What tap t alone brings to `m` pixels side by side: C[r][j] = Σₖ A[r][k] · B[j][t · K + k] +
/// bias[j], where K is the sum of the rows' groups and `b.k` = taps · K.
void ck_tap_q16_q8(size_t m, ck_rows_q16 a, ck_panels_q8 b, size_t tap, ck_panel_range range,
                   const float *_Nullable bias, float *c, size_t ldc);
void ck_tap_q8_q8(size_t m, ck_rows_q8 a, ck_panels_q8 b, size_t tap, ck_panel_range range,
                  const float *_Nullable bias, float *c, size_t ldc);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
