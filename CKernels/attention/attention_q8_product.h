/// What a rung multiplies in attention in integers; its file says `tile_numbers` before.
#ifndef CK_ATTENTION_Q8_PRODUCT_H
#define CK_ATTENTION_Q8_PRODUCT_H

#include "attention_q8_table.h"

enum { wide = 3, tile_queries = CK_ATTENTION_Q8_QUERIES, group = CK_ATTENTION_Q8_GROUP };

/// sums[i][v] += Σ over the groups k of numbers[i] · vectors[v]: `numbers` [k] advances by
/// `number_stride` bytes with k, by `row_stride` with i. They are keys, or else values.
typedef struct byte_product {
    size_t groups;
    const void *numbers;
    size_t number_stride, row_stride;
    const void *vectors; ///< [k][tile_queries][4], at the first lane's.
    bool numbers_are_keys;
} byte_product;

#endif
