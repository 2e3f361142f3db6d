/// The kernels of attention in integers in the words of the rung's vector and integer headers,
/// which come first, with `tile_numbers` and `wide`: the rows and the vectors of a register tile.
/// The rung's file also brings the `precision`, `multiply_integers`, the biases that its products
/// ask for, `i32v_dot_weights` and `i32v_low_integers`.
#ifndef CK_ATTENTION_INT_VECTOR_H
#define CK_ATTENTION_INT_VECTOR_H

#include "../elementwise/exponential.h"
#include "attention_int_product.h"

enum {
    integer_bytes = precision == CK_ACTIVATION_Q8 ? sizeof(int8_t) : sizeof(int16_t),
    group = word / integer_bytes,
};

/// The scores of a tile's vectors of queries, from `first` on.
static inline __attribute__((always_inline)) void score_queries(ck_attention_int_block block,
                                                                size_t first) {
    f32v largest[wide];
    for (size_t v = 0; v < wide; v++) {
        largest[v] = f32v_all(-FLT_MAX);
    }
    for (size_t key = 0; key < block.keys; key += tile_numbers) {
        i32v sums[tile_numbers][wide];
        for (size_t i = 0; i < tile_numbers; i++) {
            for (size_t v = 0; v < wide; v++) {
                sums[i][v] = i32v_load(block.offset + first + v * f32v_lanes);
            }
        }
        const size_t row_bytes = block.depth * integer_bytes;
        multiply_integers((integer_product){.groups = block.depth / group,
                                            .numbers = (const char *)block.key + key * row_bytes,
                                            .number_stride = word,
                                            .row_stride = row_bytes,
                                            .vectors = (const char *)block.queries + first * word,
                                            .numbers_are_keys = true},
                          sums);
        for (size_t i = 0; i < tile_numbers; i++) {
            const f32v scale = f32v_all(block.key_scale[key + i]);
            for (size_t v = 0; v < wide; v++) {
                const size_t lane = first + v * f32v_lanes;
                const f32v scaled = f32v_mul(f32v_from_i32(sums[i][v]), scale);
                const f32v score = f32v_mul(scaled, f32v_load(block.scale + lane));
                f32v_store(block.scores + (key + i) * tile_queries + lane, score);
                largest[v] = f32v_max(largest[v], score);
            }
        }
    }
    for (size_t v = 0; v < wide; v++) {
        f32v_store(block.block_maximum + first + v * f32v_lanes, largest[v]);
    }
}

static void scores(const ck_attention_int_block *block) {
    for (size_t first = 0; first < tile_queries; first += wide * f32v_lanes) {
        score_queries(*block, first);
    }
}

/// 1.5 · 2²³ + round(W · 2ˣ) for x ≤ 0, the integer in the low bits. Minimax polynomial of degree
/// 3, for 255: relative error 2⁻¹³·⁷.
static inline f32v weight_of(f32v x) {
    x = f32v_at_least(-126, x);
    // With the exponent's bias added, the low bits are those of a float's exponent.
    const f32v biased = f32v_add(x, f32v_all(rounder + 127));
    const f32v f = f32v_sub(x, f32v_sub(biased, f32v_all(rounder + 127)));
    const float factor = ck_attention_int_most_weight(precision) / 255;
    f32v p = f32v_all(0x1.c23328p+3f * factor);
    p = f32v_fma(p, f, f32v_all(0x1.eeed3cp+5f * factor));
    p = f32v_fma(p, f, f32v_all(0x1.619028p+7f * factor));
    p = f32v_fma(p, f, f32v_all(0x1.fdf69cp+7f * factor));
    return f32v_fma(p, f32v_power(biased), f32v_all(rounder));
}

/// The weights of the lanes from `lane` on; returns their sum.
static inline __attribute__((always_inline)) i32v weigh(ck_attention_int_block block, size_t lane) {
    static const uint8_t ones[word] = {1, group == word, 1, group == word};
    static const uint8_t kept[2 * word] = {255, 255, 255, 255};
    const f32v largest = f32v_load(block.block_maximum + lane);
    i32v sum = i32v_zero();
    for (size_t key = 0; key < block.keys; key += group) {
        const float *from = block.scores + key * tile_queries + lane;
        f32v weight[group];
        for (size_t i = 0; i < group; i++) {
            weight[i] = weight_of(f32v_sub(f32v_load(from + i * tile_queries), largest));
        }
        // Repetitions of the last key do not count.
        const size_t left = block.keys - key;
        const i32v mask =
            i32v_all_bytes(kept + (left < group ? (group - left) * integer_bytes : 0));
        const i32v kept_weights = i32v_and(i32v_low_integers(weight), mask);
        i32v_store((char *)block.weights + key * tile_queries * integer_bytes + lane * word,
                   kept_weights);
        sum = i32v_dot_weights(sum, kept_weights, i32v_all_bytes(ones));
    }
    i32v_store(block.weight_sum + lane, sum);
    return sum;
}

static void softmax(const ck_attention_int_block *block) {
    for (size_t lane = 0; lane < tile_queries; lane += f32v_lanes) {
        const f32v sum = f32v_from_i32(weigh(*block, lane));
        const f32v before = f32v_load(block->maximum + lane);
        const f32v largest = f32v_load(block->block_maximum + lane);
        const f32v maximum = f32v_max(before, largest);
        const f32v rescale = exp2_of_negative(f32v_sub(before, maximum));
        const f32v factor = exp2_of_negative(f32v_sub(largest, maximum));
        const f32v total = f32v_mul(f32v_load(block->sum + lane), rescale);
        f32v_store(block->sum + lane, f32v_fma(factor, sum, total));
        f32v_store(block->maximum + lane, maximum);
        f32v_store(block->rescale + lane, rescale);
        f32v_store(block->factor + lane, factor);
    }
}

/// Adds a tile's channels, from `channel` on, for a tile's vectors of queries.
static inline __attribute__((always_inline)) void
accumulate_channels(ck_attention_int_block block, size_t channel, size_t first) {
    i32v sums[tile_numbers][wide];
    for (size_t i = 0; i < tile_numbers; i++) {
        for (size_t v = 0; v < wide; v++) {
            const i32v weights = i32v_load(block.weight_sum + first + v * f32v_lanes);
            sums[i][v] = i32v_times(weights, -value_bias);
        }
    }
    multiply_integers((integer_product){.groups = (block.keys + group - 1) / group,
                                        .numbers = (const char *)block.value + channel * word,
                                        .number_stride = block.channels * word,
                                        .row_stride = word,
                                        .vectors = (const char *)block.weights + first * word},
                      sums);
    for (size_t i = 0; i < tile_numbers; i++) {
        for (size_t v = 0; v < wide; v++) {
            const size_t lane = first + v * f32v_lanes;
            float *total = block.accumulators + (channel + i) * tile_queries + lane;
            const f32v kept = f32v_mul(f32v_load(total), f32v_load(block.rescale + lane));
            const f32v factor = f32v_load(block.factor + lane);
            f32v_store(total, f32v_fma(factor, f32v_from_i32(sums[i][v]), kept));
        }
    }
}

static void accumulate(const ck_attention_int_block *block) {
    for (size_t first = 0; first < tile_queries; first += wide * f32v_lanes) {
        for (size_t channel = 0; channel < block->channels; channel += tile_numbers) {
            accumulate_channels(*block, channel, first);
        }
    }
}

static const ck_attention_int_kernels vector_kernels = {
    .scores = scores,
    .softmax = softmax,
    .accumulate = accumulate,
    .key_bias = key_bias,
    .value_bias = value_bias,
    .is_preferred = true,
};

#endif
