/// PNG in memory, over libpng.
///
/// libpng reports errors by longjmp; here every jump ends inside the call that caused it. A call
/// that can fail returns false and leaves one sentence in the object's message; after that only the
/// message may be asked for and the object destroyed. The objects own all memory that they take, so
/// destroying one frees everything, whatever happened before.
#ifndef CPNG_H
#define CPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// Longest side of a picture that is read or written, in pixels.
#define CPNG_MAX_SIDE 32768

/// A picture being read.
typedef struct cpng_reader cpng_reader;

/// A picture being written.
typedef struct cpng_writer cpng_writer;

/// One text chunk as it was stored.
typedef struct cpng_text {
    const char *key;   ///< Latin-1, 1 to 79 bytes, NUL-terminated.
    const char *value; ///< `length` bytes, NUL-terminated; belongs to the reader.
    size_t length;
    bool utf8; ///< The value is UTF-8 (iTXt); Latin-1 otherwise (tEXt, zTXt).
} cpng_text;

/// What a picture has once it is read: 8 bits a channel, 3 channels (RGB) or 4 (RGBA).
typedef struct cpng_shape {
    uint32_t width;
    uint32_t height;
    uint32_t channels;
} cpng_shape;

/// A reader of the `size` bytes, which must stay until it is destroyed; NULL without memory for it.
cpng_reader *_Nullable cpng_reader_create(const uint8_t *bytes, size_t size);

/// Reads up to the first pixel. Every kind of PNG becomes 8-bit RGB, or RGBA where it has an alpha
/// channel or a transparent colour; 16 bits are rounded to 8; gamma and colour profiles are
/// ignored.
///
/// Fails also above `CPNG_MAX_SIDE` or `max_pixels`, and when so few bytes cannot hold so many
/// pixels.
bool cpng_read_header(cpng_reader *reader, uint64_t max_pixels);

/// The shape, after a successful `cpng_read_header`.
cpng_shape cpng_reader_shape(const cpng_reader *reader);

/// Reads all pixels, rows from the top, and what follows them. `pixels` has room for width · height
/// · channels bytes; what it holds after a failure is unspecified.
bool cpng_read_pixels(cpng_reader *reader, uint8_t *pixels);

/// How many text chunks there are, after a successful `cpng_read_pixels`.
size_t cpng_reader_text_count(const cpng_reader *reader);

/// Text chunk `index` in file order; `index` is below the count.
cpng_text cpng_reader_text(const cpng_reader *reader, size_t index);

/// Why the last call failed; empty before.
const char *cpng_reader_message(const cpng_reader *reader);

/// Frees the reader and all it handed out.
void cpng_reader_destroy(cpng_reader *reader);

/// A writer; NULL without memory for it.
cpng_writer *_Nullable cpng_writer_create(void);

/// Adds a text chunk, to stand before the pixels: iTXt with `utf8`, tEXt otherwise, uncompressed
/// both. The strings are copied.
bool cpng_writer_add_text(cpng_writer *writer, const char *key, const char *value, bool utf8);

/// Writes the file: 8 bits a channel, 1 (gray), 3 (RGB) or 4 (RGBA) channels, rows from the top.
bool cpng_write(cpng_writer *writer, cpng_shape shape, const uint8_t *pixels);

/// The file's bytes, after a successful `cpng_write`; they belong to the writer.
const uint8_t *_Nullable cpng_writer_bytes(const cpng_writer *writer, size_t *size);

/// Why the last call failed; empty before.
const char *cpng_writer_message(const cpng_writer *writer);

/// Frees the writer and its bytes.
void cpng_writer_destroy(cpng_writer *writer);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
