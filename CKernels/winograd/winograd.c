/// Walks the panels and the parts of the channels; the rung's kernels do the arithmetic.
#include "winograd.h"

#include "../isa/table.h"

#pragma STDC FP_CONTRACT OFF

enum {
    part_channels = CK_WINOGRAD_CHANNELS,
    panel_outputs = CK_WINOGRAD_PANEL,
    line = 16, ///< Floats of a cache line.
};

void ck_fill_winograd(ck_winograd_table *table, ck_isa isa) {
    if (isa == CK_ISA_REFERENCE) {
        ck_fill_winograd__reference(table);
    }
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX2) {
        ck_fill_winograd__avx2(table);
    }
#elif defined(__aarch64__)
    if (isa == CK_ISA_NEON) {
        ck_fill_winograd__neon(table);
    }
    if (isa == CK_ISA_NEON_DOTPROD) {
        table->is_preferred = false;
    }
#endif
}

bool ck_winograd_is_preferred(void) {
    return ck_kernels.winograd.is_preferred;
}

static size_t round_up(size_t count, size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/// From plane to plane, for `count` floats in each, a multiple of a cache line.
static size_t plane_stride(size_t count) {
    return count % (2 * line) == 0 ? count + line : count;
}

static size_t tile_count(const ck_winograd_block *block) {
    return block->tile_rows * block->tile_columns;
}

static size_t input_stride(const ck_winograd_block *block) {
    return plane_stride(tile_count(block) * part_channels);
}

static size_t sums_stride(const ck_winograd_block *block) {
    const size_t tiles = round_up(tile_count(block), CK_WINOGRAD_ROWS);
    return plane_stride(CK_WINOGRAD_PANELS * tiles * panel_outputs);
}

static size_t weights_stride(void) {
    return plane_stride(CK_WINOGRAD_PANELS * part_channels * panel_outputs);
}

size_t ck_winograd_input_size(ck_winograd_block block) {
    const size_t parts = (block.channels + part_channels - 1) / part_channels;
    return parts * CK_WINOGRAD_PLACES * input_stride(&block);
}

size_t ck_winograd_scratch_size(ck_winograd_block block) {
    return CK_WINOGRAD_PLACES * (weights_stride() + sums_stride(&block));
}

void ck_winograd_transform(ck_winograd_block block, size_t first_channel, const float *x,
                           float *input) {
    const size_t vector = 8;
    const size_t channels =
        round_up(smaller(block.channels - first_channel, part_channels), vector);
    const size_t row_stride = (block.tile_columns * CK_WINOGRAD_TILE + 2) * part_channels;
    const size_t stride = input_stride(&block);
    input += first_channel / part_channels * CK_WINOGRAD_PLACES * stride;
    for (size_t r = 0; r < block.tile_rows; r++) {
        for (size_t c = 0; c < block.tile_columns; c++, input += part_channels) {
            const float *first = x + CK_WINOGRAD_TILE * (r * row_stride + c * part_channels);
            ck_kernels.winograd.transform_input(first, row_stride, channels,
                                                (ck_planes){input, stride});
        }
    }
}

/// The weights of the panels in `range`, for the channels of a part that begins at `channel`. An
/// odd panel stands in both halves of its place, so that all sums are of numbers.
static void transform_weights(const ck_panels_q8 *b, ck_panel_range range, size_t channel,
                              const ck_winograd_product *product) {
    const size_t panel_bytes = round_up(b->k, 2 * CK_BLOCK_Q8) * CK_PANEL_Q8;
    const size_t tap_stride = b->k / 9 * CK_PANEL_Q8;
    for (size_t at = 0; at < 2 * product->panels; at++) {
        const size_t panel = smaller(range.begin + at, range.end - 1);
        const ck_planes weights = {product->weights.data +
                                       at / 2 * product->channels * panel_outputs +
                                       at % 2 * CK_PANEL_Q8,
                                   product->weights.stride};
        const int8_t *const q = b->data + panel * panel_bytes + channel * CK_PANEL_Q8;
        ck_kernels.winograd.transform_weights(q, tap_stride, product->channels, weights);
    }
}

/// What `ck_winograd_q8` is asked for, apart from the panels.
typedef struct request {
    const ck_winograd_block *block;
    const ck_panels_q8 *b;
    const float *_Nullable bias;
    float *y;
    size_t row_stride, ldy;
} request;

/// Stores the outputs of one panel, [first, end) or the first 16 of them.
static void finish_panel(const request *request, size_t first, size_t end, ck_planes sums) {
    const ck_winograd_block *const block = request->block;
    float scale[panel_outputs] = {0}, bias[panel_outputs] = {0};
    const size_t outputs = smaller(end - first, panel_outputs);
    for (size_t j = 0; j < outputs; j++) {
        scale[j] = request->b->scale[first + j] * (1.0f / 36);
        bias[j] = request->bias ? request->bias[first + j] : 0;
    }
    for (size_t r = 0; r < block->height; r += CK_WINOGRAD_TILE) {
        float *const y = request->y + r * request->row_stride + first;
        for (size_t c = 0; c < block->width; c += CK_WINOGRAD_TILE) {
            const size_t tile = r / CK_WINOGRAD_TILE * block->tile_columns + c / CK_WINOGRAD_TILE;
            const ck_winograd_output output = {
                .y = y + c * request->ldy,
                .row_stride = request->row_stride,
                .ldy = request->ldy,
                .rows = smaller(block->height - r, CK_WINOGRAD_TILE),
                .columns = smaller(block->width - c, CK_WINOGRAD_TILE),
                .outputs = outputs,
                .scale = scale,
                .bias = bias,
            };
            const ck_planes tile_sums = {sums.data + tile * panel_outputs, sums.stride};
            ck_kernels.winograd.transform_sums(tile_sums, &output);
        }
    }
}

/// The panels of int8 weights in `range`, at most two for each panel of sums.
static void run_panels(const request *request, const float *input, ck_panel_range range,
                       ck_winograd_product product) {
    const size_t channels = request->b->k / 9;
    for (size_t channel = 0; channel < channels; channel += part_channels) {
        const size_t part = channel / part_channels * CK_WINOGRAD_PLACES;
        product.input.data = (float *)input + part * product.input.stride;
        product.channels = smaller(channels - channel, part_channels);
        product.adds = channel > 0;
        transform_weights(request->b, range, channel, &product);
        ck_kernels.winograd.multiply(&product);
    }
    const size_t rows = round_up(product.tiles, CK_WINOGRAD_ROWS);
    const size_t end = smaller(range.end * CK_PANEL_Q8, request->b->n);
    for (size_t panel = 0; panel < product.panels; panel++) {
        const size_t first = range.begin * CK_PANEL_Q8 + panel * panel_outputs;
        const ck_planes sums = {product.sums.data + panel * rows * panel_outputs,
                                product.sums.stride};
        finish_panel(request, first, end, sums);
    }
}

void ck_winograd_q8(ck_winograd_block block, const float *input, ck_panels_q8 b,
                    ck_panel_range range, const float *_Nullable bias, float *y, size_t row_stride,
                    size_t ldy, float *scratch) {
    const request request = {&block, &b, bias, y, row_stride, ldy};
    float *const weights = scratch + CK_WINOGRAD_PLACES * sums_stride(&block);
    const size_t step = 2 * CK_WINOGRAD_PANELS;
    for (size_t panel = range.begin; panel < range.end; panel += step) {
        const ck_panel_range panels = {panel, smaller(panel + step, range.end)};
        const ck_winograd_product product = {
            .input = {NULL, input_stride(&block)},
            .weights = {weights, weights_stride()},
            .sums = {scratch, sums_stride(&block)},
            .tiles = tile_count(&block),
            .panels = (panels.end - panels.begin + 1) / 2,
        };
        run_panels(&request, input, panels, product);
    }
}
