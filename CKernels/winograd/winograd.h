/// Convolution 3×3 at stride 1 with int8 weights and float32 activations, by Winograd's F(4×4,
/// 3×3).
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
/// caller transforms the input of a block of tiles once and multiplies it with any range of panels;
/// weights are transformed panel by panel as they come, for all tiles of the block.
///
/// Numeric promise: let S be the same formula with every number replaced by its magnitude and every
/// difference by a sum, |bias| included. Then y is within (channels + 24) · 2⁻²⁴ · S of the exact
/// sum, apart from underflow. An infinity or NaN spreads over the tiles that read it. A pixel's
/// result depends on its place in its tile, but not on the block, the panel range or its neighbours
/// there: cut a picture into blocks at multiples of 4 and the bits stay.
///
/// - Source: Lavin & Gray, arXiv:1509.09308; the polynomial points are 0, ±1, ±2, ∞.
#ifndef CK_WINOGRAD_H
#define CK_WINOGRAD_H

#include "../gemm/gemm.h"

#include <stdbool.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_WINOGRAD_TILE 4      ///< Output pixels along a side of a tile; it reads 2 more.
#define CK_WINOGRAD_CHANNELS 64 ///< Channels that are transformed at a time.

/// A block of tiles, and the input channels of the convolution.
typedef struct ck_winograd_block {
    size_t tile_rows, tile_columns; ///< At least 1.
    size_t height, width;           ///< Output pixels that exist: at most 4 a tile.
    size_t channels;
} ck_winograd_block;

/// True where the selected rung computes such convolutions best this way.
bool ck_winograd_is_preferred(void);

/// Floats of a block's transformed input, and of the scratch that multiplying it takes.
size_t ck_winograd_input_size(ck_winograd_block block);
size_t ck_winograd_scratch_size(ck_winograd_block block);

/// Transforms `CK_WINOGRAD_CHANNELS` channels (fewer in the last call) from `first_channel` on, a
/// multiple of it. x [4 · tile_rows + 2, 4 · tile_columns + 2, CK_WINOGRAD_CHANNELS]: the pixels
/// that the tiles read, beginning one above and left of the first output. It holds zeros where the
/// picture has no pixel, and from the last channel up to the next multiple of 8.
void ck_winograd_transform(ck_winograd_block block, size_t first_channel, const float *x,
                           float *input);

/// y[r · row_stride + c · ldy + j] for the output pixels (r, c) of the block and the outputs j of
/// the panels in `range`; `y` points at output 0 whatever the range. `b` has 9 taps, its channels
/// rounded up to a multiple of 4. `input` and `scratch` are 64-byte aligned.
void ck_winograd_q8(ck_winograd_block block, const float *input, ck_panels_q8 b,
                    ck_panel_range range, const float *_Nullable bias, float *y, size_t row_stride,
                    size_t ldy, float *scratch);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
