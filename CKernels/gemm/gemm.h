/// Matrix products C = A · Bᵀ + bias with packed weights.
///
/// A [m, k] holds activations, one row a token or pixel. B [n, k] holds weights, packed offline
/// into panels that every instruction set reads without repacking:
///
/// - float32, float16: panels of 16 outputs, `panel[k][16]`; the last panel is filled with zeros.
///   A float16 panel holds round_up(k, 2) rows, so that each panel is a multiple of 64 bytes.
/// - int8: panels of 8 outputs in blocks of 4 consecutive k, `panel[k / 4][8][4]`; k is a multiple
///   of 4 (zero-filled); a panel holds an even number of blocks, a multiple of 64 bytes.
///
/// int8 weights are symmetric per output: w = q · scale[n], |q| ≤ 127. Their activations are
/// quantised per row in groups of consecutive k (see quantize.h), at most `CK_GROUP_MAX` long, so
/// that a group's products sum exactly in int32 (2047 · 127 · k fits). Then, in float32:
///
///     sum = fma(a.scale[r][g], dot[g], sum)     for the groups in order, from 0
///     C = fma(sum, b.scale[j], bias[j])         with bias 0 where there is none
///
/// float16 weights may meet int16 activations too. Then the weights of an output that meet one
/// group of k activations (of one tap of a convolution) are rounded to as many bits as let the
/// group's products sum exactly, 11 at the least and 14 at the most:
///
///     most = min(8191, ⌊(2³¹ − 1) / (2047 · k)⌋),  scale = max|w| / most
///     q = round-half-even(w · (most / max|w|)),    scale 0 and zeros where max|w| < 2⁻¹¹⁰
///     sum = fma(a.scale[r][g] · dot[g], scale, sum);  C = sum + bias
///
/// Numeric promise: integer kernels give the same bits on every rung. Floating-point kernels add in
/// the order of k and may fuse; from the exact sum they differ by at most
/// (k + 1) · 2⁻²³ · (Σ|a·b| + |bias|). A row's result does not depend on m, on the panel range or
/// on its neighbours.
///
/// Alignment: panels 64 bytes; everything else its element's. `bias` and `scale` may be read up to
/// round_up(n, 16) elements. Nothing may alias `c`.
#ifndef CK_GEMM_H
#define CK_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define CK_PANEL_FLOAT 16 ///< Outputs in a panel of float32 or float16 weights.
#define CK_PANEL_Q8 8     ///< Outputs in a panel of int8 weights.
#define CK_BLOCK_Q8 4     ///< Consecutive k in a block of int8 weights.
#define CK_GROUP_MAX 1024 ///< Longest group of k that shares one activation scale.

/// Packed float32 weights: [n/16][k][16].
typedef struct ck_panels_f32 {
    const float *data;
    size_t n, k;
} ck_panels_f32;

/// Packed float16 weights: [n/16][round_up(k, 2)][16], IEEE binary16 bits.
typedef struct ck_panels_f16 {
    const uint16_t *data;
    size_t n, k;
} ck_panels_f16;

/// Packed int8 weights: [n/8][round_up(k/4, 2)][8][4], and one scale an output.
typedef struct ck_panels_q8 {
    const int8_t *data;
    const float *scale;
    size_t n, k;
} ck_panels_q8;

/// Rows of float32 activations: row r begins at `data + r * stride` (stride in elements).
typedef struct ck_rows_f32 {
    const float *data;
    size_t stride;
} ck_rows_f32;

/// Rows of quantised activations in int16, |q| ≤ 2047: x = q · scale[r][g] for k in group g.
/// `group_k[g]` counts the k of group g, each a positive multiple of 4; scales are [rows][groups].
typedef struct ck_rows_q16 {
    const int16_t *data;
    size_t stride;
    const float *scale;
    size_t groups;
    const size_t *group_k;
} ck_rows_q16;

/// The same in int8, |q| ≤ 127. `offset[r][g]` = −128 · Σ q over the group: what kernels whose
/// instructions take one factor unsigned, and so add 128 to each weight, begin their sums with.
typedef struct ck_rows_q8 {
    const int8_t *data;
    size_t stride;
    const float *scale;
    const int32_t *offset;
    size_t groups;
    const size_t *group_k;
} ck_rows_q8;

/// A run of panels: [begin, end). What several threads share is split this way or by rows.
typedef struct ck_panel_range {
    size_t begin, end;
} ck_panel_range;

/// Whether the selected rung multiplies float16 weights faster with int16 activations than with
/// float32.
bool ck_gemm_prefers_q16_f16(void);

/// C[r][j] = Σₖ A[r][k] · B[j][k] + bias[j] for the outputs j of the panels in `range`.
/// `c` points at output 0 of row 0 whatever the range; `ldc` is in elements, at least n.
void ck_gemm_f32_f32(size_t m, ck_rows_f32 a, ck_panels_f32 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc);
void ck_gemm_f32_f16(size_t m, ck_rows_f32 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc);
void ck_gemm_q16_q8(size_t m, ck_rows_q16 a, ck_panels_q8 b, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc);
void ck_gemm_q16_f16(size_t m, ck_rows_q16 a, ck_panels_f16 b, ck_panel_range range,
                     const float *_Nullable bias, float *c, size_t ldc);
void ck_gemm_q8_q8(size_t m, ck_rows_q8 a, ck_panels_q8 b, ck_panel_range range,
                   const float *_Nullable bias, float *c, size_t ldc);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
