/// The register tile of float32 products in the words of the rung's vector header, which comes
/// first: 12 registers of sums with AVX2, 24 with AVX-512. tile_neon.h has NEON's.
#ifndef CK_TILE_VECTOR_H
#define CK_TILE_VECTOR_H

#include "tile.h"

enum {
    panel_vectors = panel_width / f32v_lanes,
    narrow_vectors = f32v_lanes < narrow_width ? narrow_width / f32v_lanes : 1,
    wide_panels = f32v_lanes == panel_width ? 2 : 1,
    wide_rows = 6 * wide_panels,
    narrow_rows = 12,
    most_rows = 12,
    most_vectors = wide_panels * panel_vectors,
};

static inline size_t vectors_of(tile_shape tile) {
    return tile.panels * (tile.width == panel_width ? panel_vectors : narrow_vectors);
}

/// Vector `v` of row `k` of panels that are `stride` floats apart.
static inline f32v panel_vector(tile_shape tile, const float *b, size_t stride, size_t k,
                                size_t v) {
    if (tile.width < f32v_lanes) {
        return f32v_load_some(b + k * tile.width, tile.width);
    }
    const size_t vectors = tile.width / f32v_lanes;
    return f32v_load(b + v / vectors * stride + k * tile.width + v % vectors * f32v_lanes);
}

/// sums[r][…] += Σₖ a[r][k] · b[k][…], in the order of k.
static inline __attribute__((always_inline)) void multiply(tile_shape tile, size_t depth,
                                                           const float *const *a, const float *b,
                                                           size_t stride,
                                                           f32v (*sums)[most_vectors]) {
    for (size_t k = 0; k < depth; k++) {
        f32v row[most_vectors];
        for (size_t v = 0; v < vectors_of(tile); v++) {
            row[v] = panel_vector(tile, b, stride, k, v);
        }
        for (size_t r = 0; r < tile.rows; r++) {
            const f32v x = f32v_all(a[r][k]);
            for (size_t v = 0; v < vectors_of(tile); v++) {
                sums[r][v] = f32v_fma(x, row[v], sums[r][v]);
            }
        }
    }
}

#endif
