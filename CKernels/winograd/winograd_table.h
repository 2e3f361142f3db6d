/// The four steps of a Winograd convolution; `winograd.c` drives them.
///
/// All that is transformed lies in 36 planes, one for each place (6 i + j) of a tile's 6×6 matrix:
///
///     input    [36][tiles][CK_WINOGRAD_CHANNELS]            Bᵀ d B of a part of the channels
///     weights  [36][panels][channels of the part][16]       G q Gᵀ of a group of panels
///     sums     [36][panels][tiles, rounded up to 6][16]     of a group of panels
///
/// Planes lie an odd number of cache lines apart, or the 36 lines of a tile would share a set.
#ifndef CK_WINOGRAD_TABLE_H
#define CK_WINOGRAD_TABLE_H

#include "../isa/isa.h"
#include "winograd.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_WINOGRAD_PLACES 36 ///< Places of a tile's transformed matrix.
#define CK_WINOGRAD_PANEL 16  ///< Outputs of a panel: two panels of int8 weights.
#define CK_WINOGRAD_PANELS 2  ///< Panels of a group: they are multiplied together.
#define CK_WINOGRAD_ROWS 6    ///< Tiles of a register tile.

/// The planes that a step reads or writes: plane p begins at `data + p · stride`.
typedef struct ck_planes {
    float *data;
    size_t stride;
} ck_planes;

/// Two panels of int8 weights, which make one of 16 outputs.
typedef struct ck_panel_pair {
    const int8_t *low, *high;
} ck_panel_pair;

/// A part of the channels times a group of panels.
typedef struct ck_winograd_product {
    ck_planes input, weights, sums;
    size_t tiles, channels, panels;
    bool adds; ///< Begins with what the sums hold, not with 0.
} ck_winograd_product;

/// Where a tile's outputs go.
typedef struct ck_winograd_output {
    float *y;
    size_t row_stride, ldy;
    size_t rows, columns; ///< Pixels that exist, 1 to 4 each.
    size_t outputs;       ///< 1 to 16.
    const float *scale;   ///< [16], of the weights, divided by 36.
    const float *bias;    ///< [16]
} ck_winograd_output;

typedef struct ck_winograd_table {
    /// Bᵀ d B of one tile for `channels` channels (a multiple of 8): x [6, 6, …] with
    /// CK_WINOGRAD_CHANNELS floats from pixel to pixel.
    void (*transform_input)(const float *x, size_t row_stride, size_t channels, ck_planes input);
    /// G q Gᵀ of two panels for `channels` channels (a multiple of 4), a tap `tap_stride` behind
    /// the one before; output j of channel c goes to c · 16 + j of each plane.
    void (*transform_weights)(ck_panel_pair panels, size_t tap_stride, size_t channels,
                              ck_planes weights);
    /// sums[p][panel][tile][j] (+)= Σ_c input[p][tile][c] · weights[p][panel][c][j], in the order
    /// of c.
    void (*multiply)(const ck_winograd_product *product);
    /// y = scale · Aᵀ sums A + bias of one tile and panel.
    void (*transform_sums)(ck_planes sums, const ck_winograd_output *output);
} ck_winograd_table;

/// Writes the entries that the rung `isa` provides; `CK_ISA_REFERENCE` provides all.
void ck_fill_winograd(ck_winograd_table *table, ck_isa isa);

/// Called by `ck_fill_winograd`, one a rung.
void ck_fill_winograd__reference(ck_winograd_table *table);
void ck_fill_winograd__avx2(ck_winograd_table *table);
void ck_fill_winograd__neon(ck_winograd_table *table);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
