/// The register tile of float32 products in the words of the rung's vector header, which comes
/// first: with AVX2 12 registers of sums. tile_neon.h has NEON's.
#ifndef CK_TILE_VECTOR_H
#define CK_TILE_VECTOR_H

enum {
    wide_rows = 6,    ///< By 16 columns.
    narrow_rows = 12, ///< By 8 columns.
    wide_vectors = 16 / f32v_lanes,
    narrow_vectors = 8 / f32v_lanes,
};

/// sums[r][…] += Σₖ a[r][k] · b[k][…], in the order of k.
static inline __attribute__((always_inline)) void multiply(size_t rows, size_t vectors,
                                                           size_t depth, const float *const *a,
                                                           const float *b,
                                                           f32v (*sums)[wide_vectors]) {
    for (size_t k = 0; k < depth; k++) {
        f32v row[wide_vectors];
        for (size_t v = 0; v < vectors; v++) {
            row[v] = f32v_load(b + (k * vectors + v) * f32v_lanes);
        }
        for (size_t r = 0; r < rows; r++) {
            const f32v x = f32v_all(a[r][k]);
            for (size_t v = 0; v < vectors; v++) {
                sums[r][v] = f32v_fma(x, row[v], sums[r][v]);
            }
        }
    }
}

#endif
