/// The products of Winograd convolutions whose operands are int16, in the words of the rung's
/// headers of vectors and pairs, which come first: a register tile is `most_rows` tiles by
/// `most_panels` panels, or half as many tiles where no more are left.
#ifndef CK_WINOGRAD_Q16_PRODUCT_H
#define CK_WINOGRAD_Q16_PRODUCT_H

#include "../isa/pairs_tile.h"
#include "winograd_table.h"

_Static_assert(CK_WINOGRAD_PANEL == pair_outputs, "Winograd's panels are those of the tile");

enum {
    part = CK_WINOGRAD_PART_INT16,
    places = CK_WINOGRAD_PLACES,
};

/// What a register tile multiplies and adds to: rows, and panels so many bytes apart.
typedef struct tile_operands {
    const char *input[most_rows];
    const float *scale[most_rows];
    pair_panels weights;
    float *sums;
    size_t sums_stride;
} tile_operands;

static inline __attribute__((always_inline)) void
multiply_tile(tile_shape tile, const tile_operands *of, size_t pairs, bool adds) {
    i32v dot[most_rows][most_vectors];
    const size_t vectors = tile.panels * panel_vectors;
    dot_tile(tile, of->input, of->weights, pairs, dot);
    // Unrolled, or the sums would need addresses.
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile.rows; i++) {
        const f32v scale = f32v_all(*of->scale[i]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
            float *const to = of->sums + v / panel_vectors * of->sums_stride +
                              i * CK_WINOGRAD_PANEL + v % panel_vectors * f32v_lanes;
            const f32v sum = f32v_from_i32(dot[i][v]);
            f32v_store(to, adds ? f32v_fma(scale, sum, f32v_load(to)) : f32v_mul(scale, sum));
        }
    }
}

/// What the next place needs of these tiles: the places are too short for the processor to foresee.
static inline void prefetch_next(const ck_winograd_product *product, const tile_operands *of) {
    for (size_t i = 0; i < most_rows; i++) {
        __builtin_prefetch(of->input[i] + product->input.planes.stride);
        __builtin_prefetch((const char *)(of->sums + i * CK_WINOGRAD_PANEL) + product->sums.stride,
                           1);
    }
}

/// Some panels of the place's tiles from `tile` on. A row past the last repeats it.
static inline __attribute__((always_inline)) void multiply_rows(const ck_winograd_product *product,
                                                                size_t place, size_t tile,
                                                                size_t panel, size_t panels) {
    const size_t padded =
        (product->tiles + CK_WINOGRAD_ROWS - 1) / CK_WINOGRAD_ROWS * CK_WINOGRAD_ROWS;
    const size_t pairs = product->channels / 2, left = product->tiles - tile;
    const size_t row_stride = part * sizeof(int16_t);
    const char *input = product->input.planes.data + place * product->input.planes.stride;
    tile_operands of = {
        .weights.stride = pairs * pair_row_bytes,
        .sums_stride = padded * CK_WINOGRAD_PANEL,
    };
    of.weights.data =
        product->weights.data + place * product->weights.stride + panel * of.weights.stride;
    of.sums =
        ck_plane_f32(product->sums, place) + panel * of.sums_stride + tile * CK_WINOGRAD_PANEL;
    for (size_t i = 0; i < most_rows; i++) {
        const size_t row = tile + (i < left ? i : left - 1);
        of.input[i] = input + row * row_stride;
        of.scale[i] = product->input.scales + row * places + place;
    }
    if (place + 1 < places) {
        prefetch_next(product, &of);
    }
    if (left > most_rows / 2) {
        multiply_tile((tile_shape){most_rows, panels}, &of, pairs, product->adds);
    } else {
        multiply_tile((tile_shape){most_rows / 2, panels}, &of, pairs, product->adds);
    }
}

static void multiply(const ck_winograd_product *product) {
    for (size_t place = 0; place < places; place++) {
        for (size_t tile = 0; tile < product->tiles; tile += most_rows) {
            size_t panel = 0;
            for (; panel + most_panels <= product->panels; panel += most_panels) {
                multiply_rows(product, place, tile, panel, most_panels);
            }
            for (; panel < product->panels; panel++) {
                multiply_rows(product, place, tile, panel, 1);
            }
        }
    }
}

#endif
