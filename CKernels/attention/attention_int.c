/// Packs heads, and walks one tile of queries over the blocks of keys; the rung's kernels do the
/// arithmetic.
#include "attention_int.h"

#include "../isa/table.h"

#include <float.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

enum {
    tile_queries = CK_ATTENTION_INT_QUERIES,
    block_keys = CK_ATTENTION_INT_BLOCK,
    word = CK_ATTENTION_INT_WORD,
    longest_row = 512,
};

void ck_fill_attention_int(ck_attention_int_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_attention_int__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_attention_int__avx2(table);
    } else if (isa == CK_ISA_AVX_VNNI) {
        ck_fill_attention_int__avx_vnni(table);
    } else if (isa == CK_ISA_AVX512_VNNI_256) {
        ck_fill_attention_int__avx512_vnni_256(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_attention_int__avx512_vnni(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON_DOTPROD) {
        ck_fill_attention_int__neon_dotprod(table);
    }
#endif
}

static const ck_attention_int_kernels *kernels_of(ck_activation precision) {
    return ck_attention_int_kernels_of(&ck_kernels.attention_int, precision);
}

bool ck_attention_int_is_preferred(ck_activation precision) {
    return kernels_of(precision)->is_preferred;
}

static size_t round_up(size_t count, size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t depth_of(size_t head_dim) {
    return round_up(head_dim, CK_ATTENTION_INT_DEPTH);
}

static size_t channels_of(size_t head_dim) {
    return round_up(head_dim, CK_ATTENTION_INT_CHANNELS);
}

/// Where the parts of a packed head begin, in bytes.
typedef struct packed_layout {
    size_t key_scales, value_scales, keys, values, bytes;
} packed_layout;

static packed_layout layout_of(ck_attention_int_head head) {
    const size_t rows = round_up(head.keys, CK_ATTENTION_INT_KEYS);
    const size_t bytes = ck_attention_int_bytes(head.precision);
    const size_t groups = round_up(head.keys, ck_attention_int_group(head.precision));
    packed_layout layout = {0};
    layout.value_scales = round_up(rows * sizeof(float), 64);
    layout.keys = layout.value_scales + round_up(channels_of(head.head_dim) * sizeof(float), 64);
    layout.values = layout.keys + round_up(rows * depth_of(head.head_dim) * bytes, 64);
    layout.bytes = layout.values + round_up(groups * channels_of(head.head_dim) * bytes, 64);
    return layout;
}

size_t ck_attention_int_packed_bytes(ck_attention_int_head head) {
    return layout_of(head).bytes;
}

/// Rounds a row to integers behind each other; returns their scale.
static float quantize(ck_activation precision, size_t count, const float *x, void *integers,
                      int32_t *sum) {
    return precision == CK_ACTIVATION_Q8 ? ck_kernels.quantize.quantize_q8(count, x, integers, sum)
                                         : ck_kernels.quantize.quantize_q16(count, x, integers);
}

/// Keys without their mean, each with a scale, biased. The last one is repeated.
static void pack_keys(ck_attention_int_head head, const float *k, size_t ldk, uint8_t *keys,
                      float *scales) {
    const size_t depth = depth_of(head.head_dim), rows = round_up(head.keys, CK_ATTENTION_INT_KEYS);
    const size_t row_bytes = depth * ck_attention_int_bytes(head.precision);
    const uint8_t bias = kernels_of(head.precision)->key_bias;
    float mean[longest_row] = {0}, row[longest_row] = {0};
    for (size_t i = 0; i < head.keys; i++) {
        for (size_t d = 0; d < head.head_dim; d++) {
            mean[d] += k[i * ldk + d];
        }
    }
    for (size_t d = 0; d < head.head_dim; d++) {
        mean[d] /= (float)head.keys;
    }
    for (size_t i = 0; i < rows; i++) {
        const float *from = k + smaller(i, head.keys - 1) * ldk;
        uint8_t *to = keys + i * row_bytes;
        for (size_t d = 0; d < head.head_dim; d++) {
            row[d] = from[d] - mean[d];
        }
        int32_t sum;
        scales[i] = quantize(head.precision, depth, row, to, &sum);
        for (size_t d = 0; bias != 0 && d < row_bytes; d++) {
            to[d] ^= bias;
        }
    }
}

static void find_value_scales(ck_attention_int_head head, const float *v, size_t ldv,
                              float *inverse, float *scales) {
    const size_t channels = channels_of(head.head_dim);
    const float most = ck_attention_int_most(head.precision);
    memset(inverse, 0, channels * sizeof *inverse);
    for (size_t i = 0; i < head.keys; i++) {
        for (size_t c = 0; c < head.head_dim; c++) {
            const float magnitude = fabsf(v[i * ldv + c]);
            inverse[c] = magnitude > inverse[c] ? magnitude : inverse[c];
        }
    }
    for (size_t c = 0; c < channels; c++) {
        const float largest = inverse[c];
        const bool counts = largest >= CK_QUANTIZE_SMALLEST;
        inverse[c] = counts ? most / largest : 0;
        scales[c] = counts ? largest / most : 0;
    }
}

/// A group of keys of a channel stands together; adding 1.5 · 2²³ rounds, and leaves the integer in
/// the low bits.
static void pack_values(ck_attention_int_head head, const float *v, size_t ldv, uint8_t *values,
                        float *scales) {
    const uint8_t bias = kernels_of(head.precision)->value_bias;
    const size_t group = ck_attention_int_group(head.precision);
    const size_t bytes = ck_attention_int_bytes(head.precision);
    const size_t channels = channels_of(head.head_dim);
    float inverse[longest_row];
    find_value_scales(head, v, ldv, inverse, scales);
    memset(values, bias, round_up(head.keys, group) * channels * bytes);
    for (size_t i = 0; i < head.keys; i++) {
        uint8_t *to = values + i / group * channels * word + i % group * bytes;
        for (size_t c = 0; c < head.head_dim; c++) {
            const float biased = v[i * ldv + c] * inverse[c] + 0x1.8p23f;
            int32_t bits;
            memcpy(&bits, &biased, sizeof bits);
            const int32_t integer = bits ^ bias;
            memcpy(to + c * word, &integer, bytes);
        }
    }
}

void ck_attention_int_pack(ck_attention_int_head head, const float *k, size_t ldk, const float *v,
                           size_t ldv, void *packed) {
    const packed_layout layout = layout_of(head);
    char *const base = packed;
    pack_keys(head, k, ldk, (uint8_t *)base + layout.keys, (float *)(base + layout.key_scales));
    pack_values(head, v, ldv, (uint8_t *)base + layout.values,
                (float *)(base + layout.value_scales));
}

/// Numbers that each query of a tile has beside its scores and accumulators.
enum {
    query_scale,
    query_offset,
    block_maximum,
    weight_sum,
    maximum,
    sum,
    rescale,
    factor,
    query_numbers,
};

/// Scores, accumulators, the queries' own numbers; then weights and queries in integers.
size_t ck_attention_int_scratch_bytes(ck_attention_int_head head) {
    const size_t floats = block_keys + channels_of(head.head_dim) + query_numbers;
    const size_t integers = block_keys + depth_of(head.head_dim);
    return tile_queries *
           (floats * sizeof(float) + integers * ck_attention_int_bytes(head.precision));
}

/// The tile before any key: its places in the scratch.
static ck_attention_int_block whole_tile(ck_attention_int_head head, char *scratch) {
    const size_t channels = channels_of(head.head_dim);
    float *const scores = (float *)scratch;
    float *const accumulators = scores + block_keys * tile_queries;
    float *const numbers = accumulators + channels * tile_queries;
    char *const bytes = (char *)(numbers + query_numbers * tile_queries);
    const size_t weight_bytes = block_keys * tile_queries * ck_attention_int_bytes(head.precision);
    return (ck_attention_int_block){
        .precision = head.precision,
        .depth = depth_of(head.head_dim),
        .channels = channels,
        .queries = bytes + weight_bytes,
        .offset = (int32_t *)(numbers + query_offset * tile_queries),
        .scale = numbers + query_scale * tile_queries,
        .scores = scores,
        .weights = bytes,
        .weight_sum = (int32_t *)(numbers + weight_sum * tile_queries),
        .block_maximum = numbers + block_maximum * tile_queries,
        .maximum = numbers + maximum * tile_queries,
        .sum = numbers + sum * tile_queries,
        .rescale = numbers + rescale * tile_queries,
        .factor = numbers + factor * tile_queries,
        .accumulators = accumulators,
    };
}

/// Rounds the queries, with zeros behind the last one, and empties the rows' state.
static void begin(ck_attention_int_head head, const ck_attention_int_block *tile, size_t queries,
                  const float *q, size_t ldq) {
    const float factor = head.scale * 0x1.715476p0f; // log₂e
    const size_t row_bytes = tile->depth * ck_attention_int_bytes(head.precision);
    for (size_t r = 0; r < tile_queries; r++) {
        int16_t row[longest_row] = {0};
        int32_t sum = 0;
        tile->scale[r] = 0;
        if (r < queries) {
            tile->scale[r] =
                quantize(head.precision, head.head_dim, q + r * ldq, row, &sum) * factor;
        }
        tile->offset[r] = -kernels_of(head.precision)->key_bias * sum;
        char *const to = (char *)tile->queries + r * word;
        for (size_t byte = 0; byte < row_bytes; byte += word) {
            memcpy(to + byte * tile_queries, (const char *)row + byte, word);
        }
        tile->maximum[r] = -FLT_MAX;
        tile->sum[r] = 0;
    }
    memset(tile->accumulators, 0, tile->channels * tile_queries * sizeof(float));
}

static void finish(const ck_attention_int_block *tile, size_t queries, size_t head_dim,
                   const float *value_scale, float *out, size_t ldo) {
    for (size_t r = 0; r < queries; r++) {
        const float inverse = 1 / tile->sum[r];
        for (size_t c = 0; c < head_dim; c++) {
            out[r * ldo + c] = tile->accumulators[c * tile_queries + r] * inverse * value_scale[c];
        }
    }
}

void ck_attention_int(ck_attention_int_head head, size_t queries, const float *q, size_t ldq,
                      const void *packed, float *out, size_t ldo, void *scratch) {
    const ck_attention_int_kernels *kernels = kernels_of(head.precision);
    const size_t bytes = ck_attention_int_bytes(head.precision);
    const packed_layout layout = layout_of(head);
    const char *const base = packed;
    ck_attention_int_block block = whole_tile(head, scratch);
    begin(head, &block, queries, q, ldq);
    for (size_t key = 0; key < head.keys; key += block_keys) {
        block.keys = smaller(block_keys, head.keys - key);
        block.key = base + layout.keys + key * block.depth * bytes;
        block.key_scale = (const float *)(base + layout.key_scales) + key;
        block.value = base + layout.values + key * block.channels * bytes;
        kernels->scores(&block);
        kernels->softmax(&block);
        kernels->accumulate(&block);
    }
    finish(&block, queries, head.head_dim, (const float *)(base + layout.value_scales), out, ldo);
}
