/// The register tile of float32 products, for NEON; matrix products and attention share it.
///
/// Four steps of k at a time: a row's four activations are one vector, and each multiplies from its
/// lane. That takes a quarter of the loads that broadcasts take. Loads come in groups, because a
/// processor that runs in order pays for each change between loads and products.
#ifndef CK_TILE_NEON_H
#define CK_TILE_NEON_H

#include "tile.h"
#include "vector_neon.h"

enum {
    panel_vectors = panel_width / f32v_lanes,
    narrow_vectors = narrow_width / f32v_lanes,
    wide_panels = 1,
    wide_rows = 5,   ///< By 16 columns: 20 sums, 5 activations, a row of b.
    narrow_rows = 6, ///< By 8 columns: 12 sums, 6 activations, 4 rows of b.
    most_rows = narrow_rows,
    most_vectors = panel_vectors,
    step_k = 4,
};

static inline size_t vectors_of(tile_shape tile) {
    return tile.width / f32v_lanes;
}

/// The compiler moves no load across.
static inline void hold_loads(void) {
    __asm__ volatile("" ::: "memory");
}

/// sum + b · x[lane]; `lane` is a constant once the loops are unrolled.
static inline __attribute__((always_inline)) f32v add_product(f32v sum, f32v b, f32v x,
                                                              size_t lane) {
    switch (lane) {
    case 0:
        return vfmaq_laneq_f32(sum, b, x, 0);
    case 1:
        return vfmaq_laneq_f32(sum, b, x, 1);
    case 2:
        return vfmaq_laneq_f32(sum, b, x, 2);
    default:
        return vfmaq_laneq_f32(sum, b, x, 3);
    }
}

/// `step_k` steps from a[r] + k and b on.
static inline __attribute__((always_inline)) void multiply_step(size_t rows, size_t vectors,
                                                                size_t k, const float *const *a,
                                                                const float *b,
                                                                f32v (*sums)[most_vectors]) {
    const size_t together = vectors == panel_vectors ? 1 : step_k;
    f32v x[narrow_rows], row[step_k * narrow_vectors];
    for (size_t r = 0; r < rows; r++) {
        x[r] = f32v_load(a[r] + k);
    }
#pragma clang loop unroll(full)
    for (size_t lane = 0; lane < step_k; lane += together) {
        hold_loads();
        for (size_t i = 0; i < together * vectors; i++) {
            row[i] = f32v_load(b + (lane * vectors + i) * f32v_lanes);
        }
        for (size_t i = 0; i < together; i++) {
            for (size_t r = 0; r < rows; r++) {
                for (size_t v = 0; v < vectors; v++) {
                    sums[r][v] = add_product(sums[r][v], row[i * vectors + v], x[r], lane + i);
                }
            }
        }
    }
}

/// sums[r][…] += Σₖ a[r][k] · b[k][…], in the order of k.
/// A tile has one panel, so that `stride` is not asked for.
static inline __attribute__((always_inline)) void multiply(tile_shape tile, size_t depth,
                                                           const float *const *a, const float *b,
                                                           size_t stride,
                                                           f32v (*sums)[most_vectors]) {
    (void)stride;
    const size_t rows = tile.rows, vectors = vectors_of(tile);
    size_t k = 0;
    for (; k + step_k <= depth; k += step_k, b += step_k * vectors * f32v_lanes) {
        multiply_step(rows, vectors, k, a, b, sums);
    }
    for (; k < depth; k++) {
        for (size_t v = 0; v < vectors; v++, b += f32v_lanes) {
            const f32v row = f32v_load(b);
            for (size_t r = 0; r < rows; r++) {
                sums[r][v] = f32v_fma(f32v_all(a[r][k]), row, sums[r][v]);
            }
        }
    }
}

#endif
