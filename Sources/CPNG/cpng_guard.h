/// The one place that libpng's errors jump to.
#ifndef CPNG_GUARD_H
#define CPNG_GUARD_H

#include <png.h>
#include <stdbool.h>

enum { CPNG_MESSAGE_SIZE = 192 };

/// Runs `work(context)`; false when libpng (or `work`, by `png_error`) gave up on the way.
bool cpng_guard(png_structp png, void (*work)(void *context), void *context);

/// libpng's error callback: keeps the message in the error pointer's CPNG_MESSAGE_SIZE chars,
/// jumps.
PNG_NORETURN void cpng_fail(png_structp png, png_const_charp message);

/// libpng's warning callback: a picture that can be used is used without a word.
void cpng_ignore(png_structp png, png_const_charp message);

#endif
