/// Convolution 3×3 at stride 1 with int8 weights and float32 activations, by Winograd's F(4×4,
/// 3×3), in float32 or, where a rung is faster so, in 16-bit integers.
///
/// A tile is 4×4 output pixels, which read 6×6 input pixels d. With q the weights of an output and
/// a channel, the tile is
///
///     y = scale/36 · Aᵀ [ Σ_channels (G q Gᵀ) ⊙ (Bᵀ d B) ] A + bias
///
///          ⎡ 4  0 −5  0 1 0⎤       ⎡1  0 0⎤
///          ⎢ 0 −4 −4  1 1 0⎥       ⎢1  1 1⎥        ⎡−1½ 1  1 −¼ −¼  0⎤
///     Bᵀ = ⎢ 0  4 −4 −1 1 0⎥   G = ⎢1 −1 1⎥   Aᵀ = ⎢ 0  1 −1 −½  ½  0⎥
///          ⎢ 0 −2 −1  2 1 0⎥       ⎢1  2 4⎥        ⎢ 0  1  1 −1 −1  0⎥
///          ⎢ 0  2 −1 −2 1 0⎥       ⎣1 −2 4⎦        ⎣ 0  1 −1 −2  2 −6⎦
///          ⎣ 0  4  0 −5 0 1⎦       ⎣0  0 1⎦
///
/// which takes 36 products where the direct sum takes 144. The fractions that G has in the paper
/// stand in Aᵀ and in the 36, so that the transformed weights are integers below 2¹³: exact.
///
/// For each of the 36 places of a tile there is a matrix product, tiles × channels × outputs. The
/// caller transforms the input of a block of tiles part by part, multiplies the parts in order with
/// a range of panels, and finishes the range. Weights are transformed panel by panel as they come,
/// for all tiles of the block. Input and scratch are 64-byte aligned.
///
/// Numeric promise: let S be the same formula with every number replaced by its magnitude and every
/// difference by a sum, |bias| included. Then y is within (channels + 24) · 2⁻²⁴ · S of the exact
/// sum, apart from underflow. Where the transformed input is rounded, to multiples of 1/5391 of
/// the largest of its place among a part's channels, half such a step for each channel's
/// |Bᵀ d B| in S, and 2⁻¹¹⁰, is added; the sums of a part are exact. An infinity or NaN
/// spreads over the tiles that read it. A pixel's result depends on its place in its tile, but not
/// on the block, the panel range or its neighbours there: cut a picture into blocks at multiples of
/// 4 and the bits stay.
///
/// - Source: Lavin & Gray, arXiv:1509.09308; the polynomial points are 0, ±1, ±2, ∞.
#ifndef CK_WINOGRAD_H
#define CK_WINOGRAD_H

#include "../gemm/gemm.h"
#include "../isa/isa.h"

#include <stdbool.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_WINOGRAD_TILE 4 ///< Output pixels along a side of a tile; it reads 2 more.

/// What is multiplied, and so how many channels are a part of the input.
typedef enum ck_winograd_operands {
    CK_WINOGRAD_F32 = 0,   ///< float32, parts of 32 channels.
    CK_WINOGRAD_INT16 = 1, ///< int16, parts of 64 channels: the transformed input is rounded.
} ck_winograd_operands;

/// A block of tiles.
typedef struct ck_winograd_block {
    size_t tile_rows, tile_columns; ///< At least 1.
    size_t height, width;           ///< Output pixels; a last tile has 1 to 4 along a side.
    ck_winograd_operands operands;  ///< Those of the selected rung, wherever it computes.
} ck_winograd_block;

/// The fewest tiles of a picture that the selected rung computes faster this way than directly with
/// such activations: transforming the weights has its price. 0 where it never does.
size_t ck_winograd_fewest_tiles(ck_activation activation);

/// What the selected rung multiplies.
ck_winograd_operands ck_winograd_selected_operands(void);

/// Channels of a part, and bytes of each that is transformed.
size_t ck_winograd_part_channels(ck_winograd_operands operands);
size_t ck_winograd_operand_bytes(ck_winograd_operands operands);

/// Floats of a part's transformed input, and of the scratch that `panels` panels take: the same on
/// every rung.
size_t ck_winograd_input_size(ck_winograd_block block);
size_t ck_winograd_scratch_size(ck_winograd_block block, size_t panels);

/// Transforms a part of the input for row `tile_row` of the block's tiles: `channels` channels, at
/// most a part's. x [6, 4 · tile_columns + 2, channels of a part] holds the pixels that these tiles
/// read, beginning one above and left of their first output; zeros where the picture has no pixel,
/// and from the last channel up to the next multiple of 8.
void ck_winograd_transform(ck_winograd_block block, size_t tile_row, size_t channels,
                           const float *x, float *input);

/// Some channels of a part, in float16, where they stand: the rows that a row of tiles reads, from
/// one above its first output on.
typedef struct ck_winograd_pixels {
    /// At the first of the channels of column 0; NULL for a row outside the picture.
    const uint16_t *_Nullable row[CK_WINOGRAD_TILE + 2];
    size_t stride;   ///< From pixel to pixel.
    size_t channels; ///< A multiple of 16.
} ck_winograd_pixels;

/// The same for a part whose channels are those of `x[0]`, `x[1]`, … `x[count - 1]`, of a picture
/// of `width` columns: the first tile's first output is in column `left`.
void ck_winograd_transform_pixels(ck_winograd_block block, size_t tile_row, size_t left,
                                  size_t width, const ck_winograd_pixels *x, size_t count,
                                  float *input);

/// The transformed input of the channels [first, end): parts, the first at `input` and each
/// `stride` floats behind the one before. `first` is a multiple of a part's channels.
typedef struct ck_winograd_parts {
    const float *input;
    size_t stride;
    size_t first, end;
} ck_winograd_parts;

/// Multiplies parts of the input with the panels in `range`, and adds to the sums in `scratch`, or
/// begins them where the first channel is 0. `b` has 9 taps, its channels rounded up to a multiple
/// of 4. All parts meet some panels before the next ones: their sums stay in the cache.
void ck_winograd_multiply_q8(ck_winograd_block block, ck_winograd_parts parts, ck_panels_q8 b,
                             ck_panel_range range, float *scratch);

/// y[r · row_stride + c · ldy + j] for the output pixels (r, c) of row `tile_row` of the block's
/// tiles and the outputs j of the panels in `range`, whose sums are in `scratch`. `y` points at
/// output 0 of the row's first pixel whatever the range.
void ck_winograd_finish_q8(ck_winograd_block block, size_t tile_row, ck_panels_q8 b,
                           ck_panel_range range, const float *_Nullable bias, const float *scratch,
                           float *y, size_t row_stride, size_t ldy);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
