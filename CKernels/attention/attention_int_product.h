/// What a rung multiplies in attention in integers; its file says `tile_numbers` and
/// `wide`, the rows and the vectors of a register tile, before.
#ifndef CK_ATTENTION_INT_PRODUCT_H
#define CK_ATTENTION_INT_PRODUCT_H

#include "attention_int_table.h"

enum { tile_queries = CK_ATTENTION_INT_QUERIES, word = CK_ATTENTION_INT_WORD };

/// sums[i][v] += Σ over the groups k of numbers[i] · vectors[v]: `numbers` [k] advances by
/// `number_stride` bytes with k, by `row_stride` with i. They are keys, or else values.
typedef struct integer_product {
    size_t groups;
    const void *numbers;
    size_t number_stride, row_stride;
    const void *vectors; ///< [k][tile_queries] groups, at the first lane's.
    bool numbers_are_keys;
} integer_product;

#endif
