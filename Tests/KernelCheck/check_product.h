/// What the checks of matrix products and convolutions share: random operands, a plain sum in
/// double, and the promises of gemm.h put to the test.
#ifndef CHECK_PRODUCT_H
#define CHECK_PRODUCT_H

#include "kernel_check.h"

typedef enum check_types {
    CHECK_F32_F32,
    CHECK_F32_F16,
    CHECK_Q16_Q8,
    CHECK_Q8_Q8,
    CHECK_Q16_F16,
    CHECK_TYPES,
} check_types;

/// What operands hold.
typedef enum check_filling {
    CHECK_RANDOM,   ///< Any number of the type.
    CHECK_EXTREMES, ///< Quantised: largest magnitudes, any sign. Floats: subnormals.
    CHECK_LARGEST,  ///< Quantised: largest magnitudes, equal signs: sums as large as they get.
                    ///< Floats: infinities here and there.
    CHECK_ZEROS,    ///< Zeros in rows, and their scales.
    CHECK_FILLINGS,
} check_filling;

enum { check_most_groups = 5 };

/// A case. A matrix product is a window of one tap, one pixel wide and as high as it has rows.
typedef struct check_product {
    check_types types;
    check_filling filling;
    ck_window window; ///< strip_width and channels are derived.
    size_t groups, group_k[check_most_groups], n;
    bool is_timed; ///< Large, for `--bench`: only some of its outputs are checked.
} check_product;

/// Gives the product k in as few groups as may be: one where activations are floats.
void check_group_k(check_product *product, size_t k);

/// Checks a case through `ck_gemm_…` or, where `is_conv`, through `ck_conv_…`.
void check_one_product(check_product product, bool is_conv);

#endif
