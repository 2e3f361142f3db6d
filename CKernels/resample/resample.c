/// Copies only: no rung does better than the memory.
#include "resample.h"

#include <string.h>

/// In pieces of a known size: a call of memcpy costs as much as it copies here.
void ck_copy_pixels(size_t count, size_t channels, const float *x, size_t ldx, float *y,
                    size_t ldy) {
    enum { piece = 16 };
    if (ldx == channels && ldy == channels) {
        memcpy(y, x, count * channels * sizeof *x);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const float *from = x + i * ldx;
        float *to = y + i * ldy;
        size_t c = 0;
        for (; c + piece <= channels; c += piece) {
            memcpy(to + c, from + c, piece * sizeof *x);
        }
        if (c < channels) {
            memcpy(to + c, from + c, (channels - c) * sizeof *x);
        }
    }
}

void ck_upsample_nearest_2x(size_t width, size_t channels, const float *x, float *y) {
    const size_t bytes = channels * sizeof *x;
    for (size_t i = 0; i < width; i++) {
        const float *pixel = x + i * channels;
        memcpy(y + 2 * i * channels, pixel, bytes);
        memcpy(y + (2 * i + 1) * channels, pixel, bytes);
    }
}

void ck_pixel_shuffle(size_t width, size_t channels, size_t r, const float *x, float *y,
                      size_t ldy) {
    for (size_t dy = 0; dy < r; dy++) {
        for (size_t i = 0; i < width; i++) {
            const float *pixel = x + i * channels * r * r + dy * r;
            float *to = y + dy * ldy + i * r * channels;
            for (size_t dx = 0; dx < r; dx++) {
                for (size_t c = 0; c < channels; c++) {
                    to[dx * channels + c] = pixel[c * r * r + dx];
                }
            }
        }
    }
}

void ck_pixel_unshuffle(size_t width, size_t channels, size_t r, const float *x, size_t ldx,
                        float *y) {
    for (size_t dy = 0; dy < r; dy++) {
        for (size_t i = 0; i < width; i++) {
            const float *from = x + dy * ldx + i * r * channels;
            float *pixel = y + i * channels * r * r + dy * r;
            for (size_t dx = 0; dx < r; dx++) {
                for (size_t c = 0; c < channels; c++) {
                    pixel[c * r * r + dx] = from[dx * channels + c];
                }
            }
        }
    }
}
