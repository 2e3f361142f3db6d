/// The four steps of a Winograd convolution; `winograd.c` drives them.
///
/// All that is transformed lies in 36 planes, one for each place (6 i + j) of a tile's 6×6 matrix:
///
///     input    [36][tiles][channels of a part]               Bᵀ d B of a part of the channels
///     weights  [36][panels][channels of the part][16]       G q Gᵀ of a group of panels
///     sums     [36][panels][tiles, rounded up to 12][16]     of a group of panels, float32
///
/// Planes lie an odd number of cache lines apart, or the 36 lines of a tile would share a set.
///
/// Input and weights are float32 or, where that is faster, int16. Of int16 the weights are exact;
/// the input has a scale for each tile, place and part, [tiles][36], so that its largest magnitude
/// becomes CK_WINOGRAD_MOST and a part's products sum exactly in int32.
#ifndef CK_WINOGRAD_TABLE_H
#define CK_WINOGRAD_TABLE_H

#include "../isa/isa.h"
#include "winograd.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_WINOGRAD_PART_F32 32 ///< Channels of a part, by the operands.
#define CK_WINOGRAD_PART_INT16 64
#define CK_WINOGRAD_PLACES 36 ///< Places of a tile's transformed matrix.
#define CK_WINOGRAD_PANEL 16  ///< Outputs of a panel: two panels of int8 weights.
#define CK_WINOGRAD_PANELS 2  ///< Panels of a group: they are multiplied together.
#define CK_WINOGRAD_ROWS 12   ///< Tiles are filled up to a multiple of it: of any register tile.

/// Integers of a transformed input: ±5391 · 6223 · 64 fits in int32, and 6223 = 127 · 7 · 7 is the
/// largest transformed weight.
#define CK_WINOGRAD_MOST 5391

/// The planes that a step reads or writes: plane p begins at `data + p · stride`, in bytes.
typedef struct ck_planes {
    char *data;
    size_t stride;
} ck_planes;

static inline float *ck_plane_f32(ck_planes planes, size_t p) {
    return (float *)(planes.data + p * planes.stride);
}

static inline ck_planes ck_planes_at(ck_planes planes, size_t bytes) {
    return (ck_planes){planes.data + bytes, planes.stride};
}

/// A part of the input.
typedef struct ck_winograd_input {
    ck_planes planes;
    float *scales; ///< [tiles][36], for int16.
} ck_winograd_input;

/// Two panels of int8 weights, which make one of 16 outputs.
typedef struct ck_panel_pair {
    const int8_t *low, *high;
} ck_panel_pair;

/// A part of the channels times a group of panels.
typedef struct ck_winograd_product {
    ck_winograd_input input;
    ck_planes weights, sums;
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
    ck_winograd_operands operands;
    size_t fewest_tiles_q16, fewest_tiles_q8; ///< See ck_winograd_fewest_tiles.
    /// Bᵀ d B of one tile for `channels` channels (a multiple of 8): x [6, 6, …] with
    /// the channels of a part from pixel to pixel.
    void (*transform_input)(const float *x, size_t row_stride, size_t channels,
                            ck_winograd_input input);
    /// The same of pixels in float16, from column `column` on: no row is NULL and no column
    /// outside.
    void (*transform_pixels)(const ck_winograd_pixels *x, size_t count, size_t column,
                             ck_winograd_input input);
    /// G q Gᵀ of two panels for `channels` channels (a multiple of 4), a tap `tap_stride` behind
    /// the one before; output j of channel c goes to c · 16 + j of each plane, in int16 to
    /// (c / 2 · 16 + j) · 2 + c % 2.
    void (*transform_weights)(ck_panel_pair panels, size_t tap_stride, size_t channels,
                              ck_planes weights);
    /// sums[p][panel][tile][j] (+)= Σ_c input[p][tile][c] · weights[p][panel][c][j], in the order
    /// of c; in int16 the scale times the exact sum.
    void (*multiply)(const ck_winograd_product *product);
    /// y = scale · Aᵀ sums A + bias of one tile and panel.
    void (*transform_sums)(ck_planes sums, const ck_winograd_output *output);
} ck_winograd_table;

/// Writes the entries that the rung `isa` provides; `CK_ISA_REFERENCE` provides all.
void ck_fill_winograd(ck_winograd_table *table, ck_isa isa);

/// Called by `ck_fill_winograd`, one a rung.
void ck_fill_winograd__reference(ck_winograd_table *table);
void ck_fill_winograd__avx2(ck_winograd_table *table);
void ck_fill_winograd__avx_vnni(ck_winograd_table *table);
void ck_fill_winograd__avx512_vnni_256(ck_winograd_table *table);
void ck_fill_winograd__avx512_vnni(ck_winograd_table *table);
void ck_fill_winograd__neon(ck_winograd_table *table);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
