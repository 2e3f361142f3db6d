// What Debian's Swift library, built against glibc 2.42, asks of a C library, in terms of glibc
// 2.36's.
//
// C23's readers of numbers also take binary digits behind 0b, which nobody hands to them here.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __isoc23_sscanf(const char *text, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const int count = vsscanf(text, format, list);
    va_end(list);
    return count;
}

long __isoc23_strtol(const char *text, char **end, int base) {
    return strtol(text, end, base);
}

long long __isoc23_strtoll(const char *text, char **end, int base) {
    return strtoll(text, end, base);
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base) {
    return strtoul(text, end, base);
}

size_t strlcpy(char *to, const char *from, size_t size) {
    const size_t length = strlen(from);
    if (size > 0) {
        const size_t copied = length < size ? length : size - 1;
        memcpy(to, from, copied);
        to[copied] = 0;
    }
    return length;
}

float __frexpf(float x, int *exponent) {
    return frexpf(x, exponent);
}

float __ldexpf(float x, int exponent) {
    return ldexpf(x, exponent);
}

float __scalbnf(float x, int exponent) {
    return scalbnf(x, exponent);
}
