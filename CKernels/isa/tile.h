/// The register tiles of float32 products: what their headers share.
#ifndef CK_TILE_H
#define CK_TILE_H

#include <stddef.h>

enum { panel_width = 16, narrow_width = 8 };

/// A tile's shape: panels side by side, each of so many columns. Known where kernels are inlined.
typedef struct tile_shape {
    size_t rows, panels, width;
} tile_shape;

#endif
