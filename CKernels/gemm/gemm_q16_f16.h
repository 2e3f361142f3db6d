/// float16 weights for int16 activations: what arranged weights look like, the same on every rung.
#ifndef CK_GEMM_Q16_F16_H
#define CK_GEMM_Q16_F16_H

#include "../quantize/quantize_table.h"
#include "gemm_table.h"

enum { q16_f16_panels = 2 }; ///< The most that are arranged at a time.

/// Panels [panels][k / 2][16][2] behind a scale for each output, [panels][16].
#define CK_Q16_F16_SCALES (q16_f16_panels * CK_PANEL_FLOAT * sizeof(float))

_Static_assert(CK_Q16_F16_SCALES +
                       CK_GROUP_MAX * q16_f16_panels * CK_PANEL_FLOAT * sizeof(int16_t) <=
                   CK_ARRANGED_BYTES,
               "a group's arranged weights fit");

/// Bytes of an arranged panel.
static inline size_t q16_f16_panel_bytes(const ck_product *part) {
    return part->k * CK_PANEL_FLOAT * sizeof(int16_t);
}

/// The largest integer of the weights that meet `k` activations (`most` in gemm.h).
static inline float q16_f16_most(size_t k) {
    const size_t most = INT32_MAX / (2047 * k);
    return most < 8191 ? (float)most : 8191;
}

#endif
