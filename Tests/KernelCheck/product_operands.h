/// What a case of a matrix product or a convolution multiplies, filled by chance.
#ifndef CHECK_PRODUCT_OPERANDS_H
#define CHECK_PRODUCT_OPERANDS_H

#include "check_product.h"

/// The operands of a case, and what was left to chance.
typedef struct operands {
    void *a, *b;
    float *a_scale, *b_scale, *bias;
    int32_t *a_offset; ///< Of activations in int8.
    size_t stride, ldc;
    size_t panels, panel_size; ///< Weights of a panel, filling included.
} operands;

/// Whether the weights are int8.
static inline bool has_bytes(const check_product *product) {
    return product->types == CHECK_Q16_Q8 || product->types == CHECK_Q8_Q8;
}

/// Whether the activations have scales.
static inline bool is_quantized(const check_product *product) {
    return has_bytes(product) || product->types == CHECK_Q16_F16;
}

static inline size_t taps(const ck_window *window) {
    return window->kernel_h * window->kernel_w;
}

static inline size_t pixels(const ck_window *window) {
    const size_t m = window->height * window->width;
    return m > 0 ? ((window->height - 1) * window->stride + window->kernel_h) * window->strip_width
                 : 0;
}

/// Where weight `k` of output `j` stands in `b`.
size_t weight_index(const check_product *product, const operands *operands, size_t j, size_t k);

/// What the case's types and its filling say, and a stride and padding of their own.
operands make_operands(const check_product *product);

#endif
