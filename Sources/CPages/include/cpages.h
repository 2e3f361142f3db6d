#ifndef CPAGES_H
#define CPAGES_H

#include <stddef.h>

/// A file that was put into the program when it was built.
struct cpages_document {
    const unsigned char *bytes;
    size_t size;
};

/// The page to draw on, HTML.
extern const struct cpages_document cpages_page;

/// The description of the HTTP interface, OpenAPI in JSON.
extern const struct cpages_document cpages_openapi;

#endif
