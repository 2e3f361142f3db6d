/// Walks the panels and the parts of the channels; the rung's kernels do the arithmetic.
#include "winograd.h"

#include "../isa/table.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define TILE_PIXELS (CK_WINOGRAD_TILE + 2) ///< That a tile reads along a side.

enum {
    panel_outputs = CK_WINOGRAD_PANEL,
    group_panels = 2 * CK_WINOGRAD_PANELS, ///< Of int8 weights, that are multiplied at a time.
    taps = 9,
    line = 64, ///< Bytes of a cache line.
};

void ck_fill_winograd(ck_winograd_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_winograd__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_winograd__avx2(table);
    } else if (isa == CK_ISA_AVX_VNNI) {
        ck_fill_winograd__avx_vnni(table);
    } else if (isa == CK_ISA_AVX512_VNNI_256) {
        ck_fill_winograd__avx512_vnni_256(table);
    } else if (isa == CK_ISA_AVX512_VNNI) {
        ck_fill_winograd__avx512_vnni(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON) {
        ck_fill_winograd__neon(table);
    }
#endif
}

size_t ck_winograd_fewest_tiles(ck_activation activation) {
    const ck_winograd_table *table = &ck_kernels.winograd;
    return activation == CK_ACTIVATION_Q8 ? table->fewest_tiles_q8 : table->fewest_tiles_q16;
}

ck_winograd_operands ck_winograd_selected_operands(void) {
    return ck_kernels.winograd.operands;
}

size_t ck_winograd_part_channels(ck_winograd_operands operands) {
    return operands == CK_WINOGRAD_INT16 ? CK_WINOGRAD_PART_INT16 : CK_WINOGRAD_PART_F32;
}

size_t ck_winograd_operand_bytes(ck_winograd_operands operands) {
    return operands == CK_WINOGRAD_INT16 ? sizeof(int16_t) : sizeof(float);
}

static size_t round_up(size_t count, size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/// Bytes from plane to plane, for `count` elements in each, a multiple of a cache line.
static size_t plane_stride(size_t count, size_t element_bytes) {
    const size_t bytes = count * element_bytes;
    return bytes % (2 * line) == 0 ? bytes + line : bytes;
}

static size_t tile_count(const ck_winograd_block *block) {
    return block->tile_rows * block->tile_columns;
}

static size_t input_stride(const ck_winograd_block *block) {
    return plane_stride(tile_count(block) * ck_winograd_part_channels(block->operands),
                        ck_winograd_operand_bytes(block->operands));
}

static size_t sums_stride(const ck_winograd_block *block) {
    const size_t tiles = round_up(tile_count(block), CK_WINOGRAD_ROWS);
    return plane_stride(CK_WINOGRAD_PANELS * tiles * panel_outputs, sizeof(float));
}

static size_t weights_stride(const ck_winograd_block *block) {
    const size_t channels = ck_winograd_part_channels(block->operands);
    return plane_stride(CK_WINOGRAD_PANELS * channels * panel_outputs,
                        ck_winograd_operand_bytes(block->operands));
}

/// A part's transformed input in `memory`: the planes, and behind them the scales of int16.
static ck_winograd_input input_in(const ck_winograd_block *block, const float *memory) {
    const size_t stride = input_stride(block);
    char *const data = (char *)memory;
    return (ck_winograd_input){
        .planes = {data, stride},
        .scales = (float *)(data + CK_WINOGRAD_PLACES * stride),
    };
}

/// Bytes of the sums of a group, and of the weights before them.
static size_t group_bytes(const ck_winograd_block *block) {
    return CK_WINOGRAD_PLACES * sums_stride(block);
}

static size_t weights_bytes(const ck_winograd_block *block) {
    return CK_WINOGRAD_PLACES * weights_stride(block);
}

size_t ck_winograd_input_size(ck_winograd_block block) {
    const size_t scales = block.operands == CK_WINOGRAD_INT16 ? tile_count(&block) : 0;
    return CK_WINOGRAD_PLACES * (input_stride(&block) / sizeof(float) + scales);
}

size_t ck_winograd_scratch_size(ck_winograd_block block, size_t panels) {
    const size_t groups = (panels + group_panels - 1) / group_panels;
    return (weights_bytes(&block) + groups * group_bytes(&block)) / sizeof(float);
}

/// A part's transformed input from tile `tile` of the block on.
static ck_winograd_input input_of(const ck_winograd_block *block, size_t tile,
                                  const float *memory) {
    ck_winograd_input input = input_in(block, memory);
    input.planes.data += tile * ck_winograd_part_channels(block->operands) *
                         ck_winograd_operand_bytes(block->operands);
    input.scales += tile * CK_WINOGRAD_PLACES;
    return input;
}

void ck_winograd_transform(ck_winograd_block block, size_t tile_row, size_t channels,
                           const float *x, float *input) {
    const size_t vector = 8;
    const size_t part_channels = ck_winograd_part_channels(block.operands);
    const size_t row_stride = (block.tile_columns * CK_WINOGRAD_TILE + 2) * part_channels;
    const size_t first = tile_row * block.tile_columns;
    for (size_t c = 0; c < block.tile_columns; c++) {
        ck_kernels.winograd.transform_input(x + c * CK_WINOGRAD_TILE * part_channels, row_stride,
                                            round_up(channels, vector),
                                            input_of(&block, first + c, input));
    }
}

/// Room for the pixels of a tile that reaches beyond the picture's edge.
typedef struct padded_tile {
    uint16_t value[TILE_PIXELS][TILE_PIXELS][CK_WINOGRAD_PART_INT16];
} padded_tile;

/// Copies the pixels from column `column` on, zeros where the picture has none. Columns are counted
/// from one to the left of the picture.
static ck_winograd_pixels pad(const ck_winograd_pixels *x, size_t count, size_t column,
                              size_t width, padded_tile *tile) {
    memset(tile, 0, sizeof *tile);
    ck_winograd_pixels padded = {.stride = CK_WINOGRAD_PART_INT16};
    for (; count > 0; count--, x++) {
        for (size_t p = 0; p < TILE_PIXELS * TILE_PIXELS; p++) {
            const uint16_t *const row = x->row[p / TILE_PIXELS];
            const size_t from = column + p % TILE_PIXELS;
            if (row && from > 0 && from <= width) {
                memcpy(tile->value[p / TILE_PIXELS][p % TILE_PIXELS] + padded.channels,
                       row + (from - 1) * x->stride, x->channels * sizeof *row);
            }
        }
        padded.channels += x->channels;
    }
    for (size_t i = 0; i < TILE_PIXELS; i++) {
        padded.row[i] = *tile->value[i];
    }
    return padded;
}

void ck_winograd_transform_pixels(ck_winograd_block block, size_t tile_row, size_t left,
                                  size_t width, const ck_winograd_pixels *x, size_t count,
                                  float *input) {
    const bool has_all_rows = x->row[0] && x->row[TILE_PIXELS - 1];
    for (size_t c = 0; c < block.tile_columns; c++) {
        const ck_winograd_input tile = input_of(&block, tile_row * block.tile_columns + c, input);
        const size_t column = left + c * CK_WINOGRAD_TILE;
        if (has_all_rows && column > 0 && column - 1 + TILE_PIXELS <= width) {
            ck_kernels.winograd.transform_pixels(x, count, column - 1, tile);
        } else {
            padded_tile memory;
            const ck_winograd_pixels padded = pad(x, count, column, width, &memory);
            ck_kernels.winograd.transform_pixels(&padded, 1, 0, tile);
        }
    }
}

/// The groups of a range of panels, one after the other: their panels, and the place of their sums.
typedef struct group {
    ck_panel_range panels;
    char *sums;
} group;

static group first_group(ck_panel_range range, const ck_winograd_block *block,
                         const float *scratch) {
    return (group){
        .panels = {range.begin, smaller(range.begin + group_panels, range.end)},
        .sums = (char *)scratch + weights_bytes(block),
    };
}

static group next_group(group group, ck_panel_range range, const ck_winograd_block *block) {
    group.panels.begin = group.panels.end;
    group.panels.end = smaller(group.panels.begin + group_panels, range.end);
    group.sums += group_bytes(block);
    return group;
}

/// Two panels of int8 weights make a panel of sums.
static size_t panel_count(ck_panel_range range) {
    return (range.end - range.begin + 1) / 2;
}

/// The weights of a group of panels, for the channels of a part that begins at `channel`. The last
/// panel of an odd number stands in both halves of its place, so that all sums are of numbers.
static void transform_weights(const ck_panels_q8 *b, ck_panel_range range, size_t channel,
                              const ck_winograd_product *product) {
    const size_t panel_bytes = round_up(b->k, 2 * CK_BLOCK_Q8) * CK_PANEL_Q8;
    const size_t tap_stride = b->k / taps * CK_PANEL_Q8;
    const int8_t *const q = b->data + channel * CK_PANEL_Q8;
    ck_planes weights = product->weights;
    for (size_t panel = range.begin; panel < range.end; panel += 2) {
        const size_t second = smaller(panel + 1, range.end - 1);
        const ck_panel_pair panels = {q + panel * panel_bytes, q + second * panel_bytes};
        ck_kernels.winograd.transform_weights(panels, tap_stride, product->channels, weights);
        weights.data += product->channels * panel_outputs *
                        ck_winograd_operand_bytes(ck_kernels.winograd.operands);
    }
}

static void multiply_group(const ck_winograd_block *block, const ck_winograd_parts *parts,
                           const ck_panels_q8 *b, group group, float *scratch) {
    const size_t part = ck_winograd_part_channels(block->operands), channels = b->k / taps;
    const float *input = parts->input;
    for (size_t first = parts->first; first < parts->end; first += part, input += parts->stride) {
        const ck_winograd_product product = {
            .input = input_in(block, input),
            .weights = {(char *)scratch, weights_stride(block)},
            .sums = {group.sums, sums_stride(block)},
            .tiles = tile_count(block),
            .channels = smaller(channels - first, part),
            .panels = panel_count(group.panels),
            .adds = first > 0,
        };
        transform_weights(b, group.panels, first, &product);
        ck_kernels.winograd.multiply(&product);
    }
}

void ck_winograd_multiply_q8(ck_winograd_block block, ck_winograd_parts parts, ck_panels_q8 b,
                             ck_panel_range range, float *scratch) {
    group group = first_group(range, &block, scratch);
    while (group.panels.begin < range.end) {
        multiply_group(&block, &parts, &b, group, scratch);
        group = next_group(group, range, &block);
    }
}

/// Stores one panel's sums of a row of tiles; `output` is of the row's first pixel.
static void finish_panel(const ck_winograd_block *block, size_t tile_row, ck_planes sums,
                         ck_winograd_output output) {
    const size_t tile_bytes = panel_outputs * sizeof(float);
    output.rows = smaller(block->height - tile_row * CK_WINOGRAD_TILE, CK_WINOGRAD_TILE);
    for (size_t c = 0; c < block->tile_columns; c++) {
        const size_t tile = tile_row * block->tile_columns + c;
        output.columns = smaller(block->width - c * CK_WINOGRAD_TILE, CK_WINOGRAD_TILE);
        ck_kernels.winograd.transform_sums(ck_planes_at(sums, tile * tile_bytes), &output);
        output.y += CK_WINOGRAD_TILE * output.ldy;
    }
}

void ck_winograd_finish_q8(ck_winograd_block block, size_t tile_row, ck_panels_q8 b,
                           ck_panel_range range, const float *_Nullable bias, const float *scratch,
                           float *y, size_t row_stride, size_t ldy) {
    const size_t panel_sums = round_up(tile_count(&block), CK_WINOGRAD_ROWS) * panel_outputs;
    group group = first_group(range, &block, scratch);
    while (group.panels.begin < range.end) {
        const size_t end = smaller(group.panels.end * CK_PANEL_Q8, b.n);
        for (size_t panel = 0; panel < panel_count(group.panels); panel++) {
            const size_t first = group.panels.begin * CK_PANEL_Q8 + panel * panel_outputs;
            float scales[panel_outputs] = {0}, biases[panel_outputs] = {0};
            const size_t outputs = smaller(end - first, panel_outputs);
            for (size_t j = 0; j < outputs; j++) {
                scales[j] = b.scale[first + j] * (1.0f / 36);
                biases[j] = bias ? bias[first + j] : 0;
            }
            const ck_winograd_output output = {
                .y = y + first,
                .row_stride = row_stride,
                .ldy = ldy,
                .outputs = outputs,
                .scale = scales,
                .bias = biases,
            };
            const ck_planes sums = {group.sums + panel * panel_sums * sizeof(float),
                                    sums_stride(&block)};
            finish_panel(&block, tile_row, sums, output);
        }
        group = next_group(group, range, &block);
    }
}
