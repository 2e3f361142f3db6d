#include "cpng_guard.h"

#include <setjmp.h>
#include <stdio.h>

bool cpng_guard(png_structp png, void (*work)(void *context), void *context) {
    // Nothing here changes between setjmp and the jump, so no local needs to be volatile.
    if (setjmp(png_jmpbuf(png)))
        return false;
    work(context);
    return true;
}

void cpng_fail(png_structp png, png_const_charp message) {
    char *const kept = png_get_error_ptr(png);
    snprintf(kept, CPNG_MESSAGE_SIZE, "%s", message);
    png_longjmp(png, 1);
}

void cpng_ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}
