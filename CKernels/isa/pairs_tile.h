/// The register tile of products of pairs of int16, in the words of the rung's headers of vectors
/// and pairs, which come first, with `most_rows` and `most_panels`: the rows and panels of 16
/// outputs whose sums fit into its registers.
#ifndef CK_PAIRS_TILE_H
#define CK_PAIRS_TILE_H

enum {
    pair_bytes = 2 * sizeof(int16_t), ///< Of two channels of a row or of an output.
    pair_outputs = 16,                ///< Of a panel.
    pair_row_bytes = pair_outputs * pair_bytes,
    panel_vectors = pair_outputs / f32v_lanes,
    most_vectors = most_panels * panel_vectors,
};

/// A register tile, known where it is inlined.
typedef struct tile_shape {
    size_t rows, panels;
} tile_shape;

/// Weights [panels][pairs][16][2], the panels so many bytes apart.
typedef struct pair_panels {
    const char *data;
    size_t stride;
} pair_panels;

static inline i32v pair_vector(pair_panels weights, size_t pair, size_t v) {
    return i32v_load(weights.data + v / panel_vectors * weights.stride + pair * pair_row_bytes +
                     v % panel_vectors * sizeof(i32v));
}

/// The sums of `pairs` ≥ 1 pairs of each row's `input` and each output.
static inline __attribute__((always_inline)) void dot_tile(tile_shape tile,
                                                           const char *const *input,
                                                           pair_panels weights, size_t pairs,
                                                           i32v dot[most_rows][most_vectors]) {
    const size_t vectors = tile.panels * panel_vectors;
    for (size_t i = 0; i < tile.rows; i++) {
        const i32v x = i32v_all_bytes(input[i]);
        for (size_t v = 0; v < vectors; v++) {
            dot[i][v] = i32v_dot_pairs(i32v_zero(), x, pair_vector(weights, 0, v));
        }
    }
#pragma clang loop unroll(disable)
    for (size_t k = 1; k < pairs; k++) {
        for (size_t i = 0; i < tile.rows; i++) {
            const i32v x = i32v_all_bytes(input[i] + k * pair_bytes);
            for (size_t v = 0; v < vectors; v++) {
                dot[i][v] = i32v_dot_pairs(dot[i][v], x, pair_vector(weights, k, v));
            }
        }
    }
}

#endif
