/// Walks one tile of queries over the blocks of keys; the rung's kernels do the arithmetic.
#include "attention.h"

#include "../isa/table.h"

#include <float.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

void ck_fill_attention(ck_attention_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_attention__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_attention__avx2(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_attention__avx512(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON) {
        ck_fill_attention__neon(table);
    }
#endif
}

static size_t round_up(size_t count, size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t ck_attention_packed_keys(size_t keys, size_t head_dim) {
    return round_up(keys, CK_ATTENTION_PANEL) * head_dim;
}

size_t ck_attention_packed_values(size_t keys, size_t head_dim) {
    return round_up(keys, 2) * round_up(head_dim, CK_ATTENTION_PANEL);
}

/// Scores, then queries, accumulators, and the rows' maximum, sum and rescale.
size_t ck_attention_scratch(size_t head_dim) {
    const size_t queries = round_up(CK_ATTENTION_QUERIES * head_dim, CK_ATTENTION_PANEL);
    return CK_ATTENTION_QUERIES * CK_ATTENTION_KEY_BLOCK + queries +
           CK_ATTENTION_QUERIES * round_up(head_dim, CK_ATTENTION_PANEL) + 3 * CK_ATTENTION_QUERIES;
}

static void pack_keys(size_t keys, size_t head_dim, const float *k, size_t ldk, float *packed) {
    for (size_t first = 0; first < keys; first += CK_ATTENTION_PANEL) {
        const size_t present = smaller(CK_ATTENTION_PANEL, keys - first);
        for (size_t d = 0; d < head_dim; d++) {
            for (size_t j = 0; j < CK_ATTENTION_PANEL; j++) {
                *packed++ = j < present ? k[(first + j) * ldk + d] : 0;
            }
        }
    }
}

/// Panels are equally far apart though the last one may be narrow.
static void pack_values(size_t keys, size_t head_dim, const float *v, size_t ldv, float *packed) {
    const size_t stride = round_up(keys, 2) * CK_ATTENTION_PANEL;
    for (size_t p = 0; p * CK_ATTENTION_PANEL < head_dim; p++) {
        const size_t first = p * CK_ATTENTION_PANEL;
        const size_t width = ck_attention_value_width(head_dim, p);
        const size_t present = smaller(width, head_dim - first);
        float *panel = packed + p * stride;
        for (size_t j = 0; j < keys; j++) {
            memcpy(panel + j * width, v + j * ldv + first, present * sizeof *v);
            memset(panel + j * width + present, 0, (width - present) * sizeof *v);
        }
        memset(panel + keys * width, 0, (stride - keys * width) * sizeof *v);
    }
}

void ck_attention_pack(size_t keys, size_t head_dim, const float *k, size_t ldk, const float *v,
                       size_t ldv, float *packed_keys, float *packed_values) {
    pack_keys(keys, head_dim, k, ldk, packed_keys);
    pack_values(keys, head_dim, v, ldv, packed_values);
}

/// The tile's rows from `first_row` on, before any key: their place in the scratch.
static ck_attention_block whole_tile(const ck_attention_head *head, size_t queries,
                                     float *scratch) {
    const size_t stride = round_up(head->head_dim, CK_ATTENTION_PANEL);
    float *scaled = scratch + CK_ATTENTION_QUERIES * CK_ATTENTION_KEY_BLOCK;
    float *accumulators =
        scaled + round_up(CK_ATTENTION_QUERIES * head->head_dim, CK_ATTENTION_PANEL);
    float *rows = accumulators + CK_ATTENTION_QUERIES * stride;
    return (ck_attention_block){
        .rows = queries,
        .head_dim = head->head_dim,
        .queries = scaled,
        .value_stride = round_up(head->keys, 2) * CK_ATTENTION_PANEL,
        .scores = scratch,
        .maximum = rows,
        .sum = rows + CK_ATTENTION_QUERIES,
        .rescale = rows + 2 * CK_ATTENTION_QUERIES,
        .accumulators = accumulators,
        .accumulator_stride = stride,
    };
}

/// Scales the queries into units of log₂ and empties the rows' state.
static void begin(const ck_attention_head *head, const ck_attention_block *tile, const float *q,
                  size_t ldq, float *scaled) {
    const float factor = head->scale * 0x1.715476p0f; // log₂e
    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t d = 0; d < head->head_dim; d++) {
            scaled[r * head->head_dim + d] = q[r * ldq + d] * factor;
        }
        tile->maximum[r] = -FLT_MAX; // Finite, so that a hidden key's −∞ − maximum is −∞.
        tile->sum[r] = 0;
    }
    memset(tile->accumulators, 0, tile->rows * tile->accumulator_stride * sizeof(float));
}

/// The rows from `skip` on: with a causal mask the first rows may not reach the block at all.
static ck_attention_block without_rows(ck_attention_block block, size_t skip) {
    block.rows -= skip;
    block.queries += skip * block.head_dim;
    block.scores += skip * CK_ATTENTION_KEY_BLOCK;
    block.maximum += skip;
    block.sum += skip;
    block.rescale += skip;
    block.accumulators += skip * block.accumulator_stride;
    return block;
}

/// Adds the bias, and −∞ where a key is padding or lies after the query. `first_query` and
/// `first_key` are the places of the block's first row and key.
static void mask(const ck_attention_head *head, const ck_attention_block *block, size_t first_query,
                 size_t first_key) {
    const size_t padded = round_up(block->keys, CK_ATTENTION_PANEL);
    for (size_t r = 0; r < block->rows; r++) {
        float *scores = block->scores + r * CK_ATTENTION_KEY_BLOCK;
        size_t visible = block->keys;
        if (head->causal) {
            visible = smaller(visible, first_query + r - first_key + 1);
        }
        if (head->key_bias) {
            for (size_t j = 0; j < visible; j++) {
                scores[j] += head->key_bias[first_key + j] * 0x1.715476p0f;
            }
        }
        for (size_t j = visible; j < padded; j++) {
            scores[j] = -INFINITY;
        }
    }
}

static void finish(const ck_attention_block *tile, float *out, size_t ldo) {
    for (size_t r = 0; r < tile->rows; r++) {
        const float *sums = tile->accumulators + r * tile->accumulator_stride;
        const float inverse = tile->sum[r] == 0 ? 0 : 1 / tile->sum[r];
        for (size_t d = 0; d < tile->head_dim; d++) {
            out[r * ldo + d] = sums[d] * inverse;
        }
    }
}

void ck_attention_f32(ck_attention_head head, size_t first_query, size_t queries, const float *q,
                      size_t ldq, const float *packed_keys, const float *packed_values, float *out,
                      size_t ldo, float *scratch) {
    const ck_attention_table *kernels = &ck_kernels.attention;
    ck_attention_block tile = whole_tile(&head, queries, scratch);
    begin(&head, &tile, q, ldq, scratch + CK_ATTENTION_QUERIES * CK_ATTENTION_KEY_BLOCK);
    const size_t reach = head.causal ? smaller(head.keys, first_query + queries) : head.keys;
    for (size_t key = 0; key < reach; key += CK_ATTENTION_KEY_BLOCK) {
        const size_t skip = head.causal && key > first_query ? key - first_query : 0;
        ck_attention_block block = without_rows(tile, skip);
        block.keys = smaller(CK_ATTENTION_KEY_BLOCK, head.keys - key);
        block.keys_packed = packed_keys + key * head.head_dim;
        block.values = packed_values;
        block.first_key = key;
        kernels->scores(&block);
        mask(&head, &block, first_query + skip, key);
        kernels->softmax(&block);
        kernels->accumulate(&block);
    }
    finish(&tile, out, ldo);
}
