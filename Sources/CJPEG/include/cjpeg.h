/// JPEG in memory, over libjpeg-turbo; empty but with the package trait JPEG.
///
/// libjpeg reports errors by a callback that may not return; here it jumps, and every jump ends
/// inside the call that caused it. A call that can fail returns false and leaves one sentence in
/// the reader's message; after that only the message may be asked for and the reader destroyed. The
/// reader owns all memory that it takes, so destroying it frees everything, whatever happened
/// before.
#ifndef CJPEG_H
#define CJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// Longest side of a picture that is read, in pixels.
#define CJPEG_MAX_SIDE 32768

/// A picture being read.
typedef struct cjpeg_reader cjpeg_reader;

/// What a picture has once it is read: 8 bits a channel, 3 channels (RGB), or 4: CMYK, each 255 for
/// no ink, as Adobe's programs store it.
typedef struct cjpeg_shape {
    uint32_t width;
    uint32_t height;
    uint32_t channels;
} cjpeg_shape;

/// A reader of the `size` bytes, which must stay until it is destroyed; NULL without memory for it.
cjpeg_reader *_Nullable cjpeg_reader_create(const uint8_t *bytes, size_t size);

/// Reads up to the first pixel. Gray and YCbCr become RGB, YCCK becomes CMYK; colour profiles are
/// ignored.
///
/// Fails also above `CJPEG_MAX_SIDE` or `max_pixels`, when so few bytes cannot hold so many pixels,
/// and for arithmetic coding.
bool cjpeg_read_header(cjpeg_reader *reader, uint64_t max_pixels);

/// The shape, after a successful `cjpeg_read_header`.
cjpeg_shape cjpeg_reader_shape(const cjpeg_reader *reader);

/// Reads all pixels, rows from the top; fails where some are missing or damaged. `pixels` has room
/// for width · height · channels bytes; what it holds after a failure is unspecified.
bool cjpeg_read_pixels(cjpeg_reader *reader, uint8_t *pixels);

/// Why the last call failed; empty before.
const char *cjpeg_reader_message(const cjpeg_reader *reader);

/// Frees the reader.
void cjpeg_reader_destroy(cjpeg_reader *reader);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
