/// Moving pixels: nearest neighbour, pixel shuffle. Values pass unchanged, bit for bit.
#ifndef CK_RESAMPLE_H
#define CK_RESAMPLE_H

#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// y [count, channels] from x [count, channels], pixels `ldx` and `ldy` floats apart.
void ck_copy_pixels(size_t count, size_t channels, const float *x, size_t ldx, float *y,
                    size_t ldy);

/// One row of pixels, each written twice: y [2 · width, channels] from x [width, channels].
void ck_upsample_nearest_2x(size_t width, size_t channels, const float *x, float *y);

/// One row of x [width, channels · r²] → r rows of y [width · r, channels], `ldy` floats apart.
/// Channel order as torch.nn.PixelShuffle: input channel = c · r² + dy · r + dx.
void ck_pixel_shuffle(size_t width, size_t channels, size_t r, const float *x, float *y,
                      size_t ldy);

/// The inverse: r rows of x [width · r, channels], `ldx` floats apart → one row y [width, channels
/// · r²].
void ck_pixel_unshuffle(size_t width, size_t channels, size_t r, const float *x, size_t ldx,
                        float *y);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
