/// The one loop nest under all matrix products and convolutions, and what micro-kernels are told.
///
/// A convolution is a matrix product whose rows are read through a window: output row i stands for
/// the output pixel (i / width, i mod width), and the k of its tap (ky, kx) begin at the input row
/// `first + ky · pitch + kx`. A plain matrix product has one tap and rows side by side.
///
/// A micro-kernel computes one tile: up to `rows` output rows by one panel. It computes all of its
/// rows (the surplus ones repeat the last) and stores those that exist, so that a row's result does
/// not depend on the tile that it falls into.
///
/// Panels in floating point are long: their k is cut into parts that fit the first-level cache, and
/// the tiles of a part add to what C holds. The order of additions stays the same, and so do the
/// bits. That makes room to widen a part's float16 weights once for all tiles that read them.
///
/// Some integer micro-kernels want their weights in another order. They get them in parts of one
/// group of one tap, which is where integers become floats anyway, arranged once for all tiles that
/// read them; C holds the sums, unscaled, from part to part. float16 weights for int16 activations
/// are rounded to integers on that way, with scales of their own for each part.
#ifndef CK_PRODUCT_H
#define CK_PRODUCT_H

#include "gemm.h"

#include <stdbool.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_TILE_ROWS 12   ///< The most rows that a micro-kernel may compute at once.
#define CK_TILE_PANELS 8  ///< The most panels that a micro-kernel may read at once.
#define CK_BLOCK_ROWS 512 ///< The most rows that share a panel before the next one is read.
#define CK_ARRANGED_BYTES (66 << 10) ///< The most that a part's arranged weights may take.
#define CK_PART_K 384 ///< The longest part of a floating-point panel's k: 24 KiB of float32.

/// What is the same for all tiles of a product. The data has the types of the micro-kernel.
typedef struct ck_product {
    size_t m;                  ///< Output rows.
    size_t width;              ///< Output pixels in a row of the strip.
    size_t step;               ///< Stride of the window.
    size_t pitch;              ///< Input rows (pixels) in a row of the strip.
    size_t kernel_h, kernel_w; ///< Taps of the window.
    size_t k;                  ///< k of one tap.

    const void *a;
    size_t a_size;                     ///< Bytes of an activation.
    size_t stride;                     ///< Activations from row to row.
    const float *_Nullable a_scale;    ///< Of quantised activations: [input rows][groups].
    const int32_t *_Nullable a_offset; ///< Of activations in int8: [input rows][groups].
    size_t groups;                     ///< Of quantised activations: groups in a tap.
    const size_t *_Nullable group_k;   ///< Of quantised activations: [groups]

    const void *b;
    size_t b_size;                  ///< Bytes of a weight.
    size_t n, panel_n;              ///< Outputs, outputs of a panel.
    size_t panel_bytes;             ///< From panel to panel.
    const float *_Nullable b_scale; ///< Of quantised weights: [n]
    const float *_Nullable bias;    ///< [n]

    float *c;
    size_t ldc;
    bool adds; ///< Begins with what C holds, not with 0.

    /// Of a part for an arranging micro-kernel: what it adds to each row's `a`, in bytes, and to
    /// its `a_scale` and `a_offset`.
    size_t part_a, part_scale;
} ck_product;

/// Where an output row finds its activations: what it reads at tap (0, 0).
typedef struct ck_row {
    const void *a;
    const float *_Nullable a_scale;    ///< Of quantised activations.
    const int32_t *_Nullable a_offset; ///< Of activations in int8.
} ck_row;

/// One tile. There are as many `row`s as the micro-kernel has.
typedef struct ck_tile {
    const ck_row *row;
    const void *panel;  ///< The first panel, 64-byte aligned.
    size_t panel_bytes; ///< From panel to panel.
    /// At the first panel's first output. A part of int8 weights that is not the last has no scale.
    const float *_Nullable b_scale, *_Nullable bias;
    float *c;             ///< Row 0 at the first panel's first output.
    size_t rows, columns; ///< What is to be stored.
} ck_tile;

/// A micro-kernel and its tile: at most `CK_TILE_ROWS` by `CK_TILE_PANELS`. A tile at the end of
/// the outputs may have fewer panels: `columns` says.
typedef struct ck_tile_kernel {
    void (*compute)(const ck_product *product, const ck_tile *tile);
    size_t rows, panels;
    /// NULL where panels are read as they are stored. Otherwise `compute` gets parts of one group
    /// of one tap, whose first `count` ≤ `panels` panels this has copied to `to` in the kernel's
    /// own order; what stands there for the missing panels may be anything.
    void (*_Nullable arrange)(const ck_product *part, const void *b, size_t count, void *to);
} ck_tile_kernel;

/// Computes the panels of `range` for all rows. Sets the product's bias, c and ldc.
void ck_run_product(ck_product product, ck_tile_kernel kernel, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc);

/// The input row that tap (ky, kx) reads, counted from the one that tap (0, 0) reads.
static inline size_t ck_tap_row(const ck_product *product, size_t ky, size_t kx) {
    return ky * product->pitch + kx;
}

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
