/// Packs heads, and walks one tile of queries over the blocks of keys; the rung's kernels do the
/// arithmetic.
#include "attention_q8.h"

#include "../isa/table.h"

#include <float.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

enum {
    tile_queries = CK_ATTENTION_Q8_QUERIES,
    block_keys = CK_ATTENTION_Q8_BLOCK,
    group = CK_ATTENTION_Q8_GROUP,
    longest_row = 512,
};

void ck_fill_attention_q8(ck_attention_q8_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_attention_q8__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX_VNNI) {
        ck_fill_attention_q8__avx_vnni(table);
    } else if (isa == CK_ISA_AVX512_VNNI_256) {
        ck_fill_attention_q8__avx512_vnni_256(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_attention_q8__avx512_vnni(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON_DOTPROD) {
        ck_fill_attention_q8__neon_dotprod(table);
    }
#endif
}

bool ck_attention_q8_is_preferred(void) {
    return ck_kernels.attention_q8.is_preferred;
}

static size_t round_up(size_t count, size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t depth_of(size_t head_dim) {
    return round_up(head_dim, group);
}

static size_t channels_of(size_t head_dim) {
    return round_up(head_dim, CK_ATTENTION_Q8_CHANNELS);
}

/// Where the parts of a packed head begin, in bytes.
typedef struct packed_layout {
    size_t key_scales, value_scales, keys, values, bytes;
} packed_layout;

static packed_layout layout_of(size_t keys, size_t head_dim) {
    const size_t rows = round_up(keys, CK_ATTENTION_Q8_KEYS);
    packed_layout layout = {0};
    layout.value_scales = round_up(rows * sizeof(float), 64);
    layout.keys = layout.value_scales + round_up(channels_of(head_dim) * sizeof(float), 64);
    layout.values = layout.keys + round_up(rows * depth_of(head_dim), 64);
    layout.bytes = layout.values + round_up(round_up(keys, group) * channels_of(head_dim), 64);
    return layout;
}

size_t ck_attention_q8_packed_bytes(size_t keys, size_t head_dim) {
    return layout_of(keys, head_dim).bytes;
}

/// Keys without their mean, each with a scale, biased. The last one is repeated.
static void pack_keys(ck_attention_q8_head head, const float *k, size_t ldk, uint8_t *keys,
                      float *scales) {
    const size_t depth = depth_of(head.head_dim), rows = round_up(head.keys, CK_ATTENTION_Q8_KEYS);
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
        uint8_t *to = keys + i * depth;
        for (size_t d = 0; d < head.head_dim; d++) {
            row[d] = from[d] - mean[d];
        }
        int32_t sum;
        scales[i] = ck_kernels.quantize.quantize_q8(depth, row, (int8_t *)to, &sum);
        for (size_t d = 0; d < depth; d++) {
            to[d] ^= ck_kernels.attention_q8.key_bias;
        }
    }
}

static void find_value_scales(ck_attention_q8_head head, const float *v, size_t ldv, float *inverse,
                              float *scales) {
    const size_t channels = channels_of(head.head_dim);
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
        inverse[c] = counts ? 127 / largest : 0;
        scales[c] = counts ? largest / 127 : 0;
    }
}

/// Four keys of a channel stand together; adding 1.5 · 2²³ rounds, and leaves the integer in the
/// low bits.
static void pack_values(ck_attention_q8_head head, const float *v, size_t ldv, uint8_t *values,
                        float *scales) {
    const uint8_t bias = ck_kernels.attention_q8.value_bias;
    const size_t channels = channels_of(head.head_dim);
    float inverse[longest_row];
    find_value_scales(head, v, ldv, inverse, scales);
    memset(values, bias, round_up(head.keys, group) * channels);
    for (size_t i = 0; i < head.keys; i++) {
        uint8_t *to = values + i / group * channels * group + i % group;
        for (size_t c = 0; c < head.head_dim; c++) {
            const float biased = v[i * ldv + c] * inverse[c] + 0x1.8p23f;
            int32_t bits;
            memcpy(&bits, &biased, sizeof bits);
            to[c * group] = (uint8_t)bits ^ bias;
        }
    }
}

void ck_attention_q8_pack(ck_attention_q8_head head, const float *k, size_t ldk, const float *v,
                          size_t ldv, void *packed) {
    const packed_layout layout = layout_of(head.keys, head.head_dim);
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

/// Scores, accumulators, the queries' own numbers; then weights and queries in bytes.
size_t ck_attention_q8_scratch_bytes(size_t head_dim) {
    const size_t floats = block_keys + channels_of(head_dim) + query_numbers;
    return tile_queries * (floats * sizeof(float) + block_keys + depth_of(head_dim));
}

/// The tile before any key: its places in the scratch.
static ck_attention_q8_block whole_tile(ck_attention_q8_head head, char *scratch) {
    const size_t channels = channels_of(head.head_dim);
    float *const scores = (float *)scratch;
    float *const accumulators = scores + block_keys * tile_queries;
    float *const numbers = accumulators + channels * tile_queries;
    char *const bytes = (char *)(numbers + query_numbers * tile_queries);
    return (ck_attention_q8_block){
        .depth = depth_of(head.head_dim),
        .channels = channels,
        .queries = (int8_t *)bytes + block_keys * tile_queries,
        .offset = (int32_t *)(numbers + query_offset * tile_queries),
        .scale = numbers + query_scale * tile_queries,
        .scores = scores,
        .weights = (uint8_t *)bytes,
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
static void begin(ck_attention_q8_head head, const ck_attention_q8_block *tile, size_t queries,
                  const float *q, size_t ldq) {
    const float factor = head.scale * 0x1.715476p0f; // log₂e
    for (size_t r = 0; r < tile_queries; r++) {
        int8_t row[longest_row] = {0};
        int32_t sum = 0;
        tile->scale[r] = 0;
        if (r < queries) {
            const float scale =
                ck_kernels.quantize.quantize_q8(head.head_dim, q + r * ldq, row, &sum);
            tile->scale[r] = scale * factor;
        }
        tile->offset[r] = -ck_kernels.attention_q8.key_bias * sum;
        for (size_t d = 0; d < tile->depth; d += group) {
            memcpy(tile->queries + d * tile_queries + r * group, row + d, group);
        }
        tile->maximum[r] = -FLT_MAX;
        tile->sum[r] = 0;
    }
    memset(tile->accumulators, 0, tile->channels * tile_queries * sizeof(float));
}

static void finish(const ck_attention_q8_block *tile, size_t queries, size_t head_dim,
                   const float *value_scale, float *out, size_t ldo) {
    for (size_t r = 0; r < queries; r++) {
        const float inverse = 1 / tile->sum[r];
        for (size_t c = 0; c < head_dim; c++) {
            out[r * ldo + c] = tile->accumulators[c * tile_queries + r] * inverse * value_scale[c];
        }
    }
}

void ck_attention_q8(ck_attention_q8_head head, size_t queries, const float *q, size_t ldq,
                     const void *packed, float *out, size_t ldo, void *scratch) {
    const ck_attention_q8_table *kernels = &ck_kernels.attention_q8;
    const packed_layout layout = layout_of(head.keys, head.head_dim);
    const char *const base = packed;
    ck_attention_q8_block block = whole_tile(head, scratch);
    begin(head, &block, queries, q, ldq);
    for (size_t key = 0; key < head.keys; key += block_keys) {
        block.keys = smaller(block_keys, head.keys - key);
        block.key = (const uint8_t *)base + layout.keys + key * block.depth;
        block.key_scale = (const float *)(base + layout.key_scales) + key;
        block.value = (const uint8_t *)base + layout.values + key * block.channels;
        kernels->scores(&block);
        kernels->softmax(&block);
        kernels->accumulate(&block);
    }
    finish(&block, queries, head.head_dim, (const float *)(base + layout.value_scales), out, ldo);
}
