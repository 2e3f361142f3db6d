#include "product.h"
#include "../quantize/quantize.h"

static size_t smaller(size_t x, size_t y) {
    return x < y ? x : y;
}

static bool is_quantized(const ck_product *product) {
    return product->a_scale;
}

/// Rows of a block: their activations stay in the second-level cache while all panels pass by.
/// Blocks are about equally long. Where panels are arranged, blocks are longer, so that more tiles
/// share that work.
static size_t block_rows(const ck_product *product, ck_tile_kernel kernel) {
    const size_t budget = kernel.arrange ? 512 * 1024 : 256 * 1024;
    const size_t fewest = 48, most = kernel.arrange ? CK_BLOCK_ROWS : CK_BLOCK_ROWS / 2;
    const size_t row_bytes =
        smaller(product->k, product->stride) * product->a_size * product->step * product->step;
    size_t rows = smaller(budget / (row_bytes + 1), most);
    if (rows < fewest) {
        rows = fewest;
    }
    const size_t blocks = (product->m + rows - 1) / rows;
    const size_t tiles = (product->m + blocks * kernel.rows - 1) / (blocks * kernel.rows);
    return tiles * kernel.rows;
}

/// Panels of a group: they take turns at each tile, so that its activations stay in the first-level
/// cache while the next panel streams in. Parts of floating-point panels are larger than a tile's
/// activations: there it is the panel that stays.
static size_t group_panels(const ck_product *product, ck_tile_kernel kernel) {
    const size_t budget = 64 * 1024;
    if (!is_quantized(product) || product->panel_bytes > budget) {
        return kernel.panels;
    }
    return (budget / (product->panel_bytes + 1) + 1) * kernel.panels;
}

/// Finds the rows [first, first + count) of a block, and repeats the last one up to `padded`.
static void find_rows(const ck_product *product, size_t first, size_t count, size_t padded,
                      ck_row *row) {
    size_t y = first / product->width;
    size_t x = first % product->width;
    for (size_t i = 0; i < padded; i++) {
        if (i >= count) {
            row[i] = row[count - 1];
            continue;
        }
        const size_t input = y * product->step * product->pitch + x * product->step;
        row[i].a = (const char *)product->a + input * product->stride * product->a_size;
        const size_t scale = input * product->groups;
        row[i].a_scale = product->a_scale ? product->a_scale + scale : NULL;
        row[i].a_offset = product->a_offset ? product->a_offset + scale : NULL;
        x++;
        if (x == product->width) {
            x = 0;
            y++;
        }
    }
}

/// A block of rows: the part of the activations and of C that a group of panels passes by.
typedef struct row_block {
    const ck_row *row;
    size_t first, count;
} row_block;

/// Panels in the order of a micro-kernel: as they are stored, widened, or arranged.
typedef struct panel_group {
    ck_panel_range range;
    const void *data;
    size_t panel_bytes;
} panel_group;

static void run_group(const ck_product *product, ck_tile_kernel kernel, row_block block,
                      panel_group group) {
    const ck_panel_range range = group.range;
    for (size_t i = 0; i < block.count; i += kernel.rows) {
        for (size_t panel = range.begin; panel < range.end; panel += kernel.panels) {
            const size_t j = panel * product->panel_n;
            const size_t width = smaller(range.end - panel, kernel.panels) * product->panel_n;
            const ck_tile tile = {
                .row = block.row + i,
                .panel = (const char *)group.data + (panel - range.begin) * group.panel_bytes,
                .panel_bytes = group.panel_bytes,
                .b_scale = product->b_scale ? product->b_scale + j : NULL,
                .bias = product->bias ? product->bias + j : NULL,
                .c = product->c + (block.first + i) * product->ldc + j,
                .rows = smaller(block.count - i, kernel.rows),
                .columns = smaller(product->n - j, width),
            };
            kernel.compute(product, &tile);
        }
    }
}

/// float16 panels, widened once for all tiles of the block.
static void run_widened(const ck_product *product, ck_tile_kernel kernel, row_block block,
                        panel_group group) {
    _Alignas(64) float wide[2 * CK_PART_K * CK_PANEL_FLOAT];
    const size_t values = product->kernel_h * product->kernel_w * product->k * CK_PANEL_FLOAT;
    const size_t count = group.range.end - group.range.begin;
    for (size_t p = 0; p < count; p++) {
        const void *panel = (const char *)group.data + p * group.panel_bytes;
        ck_f32_from_f16(values, panel, wide + p * values);
    }
    run_group(product, kernel, block, (panel_group){group.range, wide, values * sizeof *wide});
}

static void run_block(const ck_product *product, ck_tile_kernel kernel, row_block block,
                      ck_panel_range range) {
    const bool is_half = product->b_size == sizeof(uint16_t);
    const size_t panels = is_half ? kernel.panels : group_panels(product, kernel);
    for (size_t panel = range.begin; panel < range.end; panel += panels) {
        const panel_group group = {
            .range = {panel, smaller(panel + panels, range.end)},
            .data = (const char *)product->b + panel * product->panel_bytes,
            .panel_bytes = product->panel_bytes,
        };
        if (is_half) {
            run_widened(product, kernel, block, group);
        } else {
            run_group(product, kernel, block, group);
        }
    }
}

typedef void block_runner(const ck_product *product, ck_tile_kernel kernel, row_block block,
                          ck_panel_range range);

/// Cuts the rows into blocks.
static void run_blocks(const ck_product *product, ck_tile_kernel kernel, ck_panel_range range,
                       block_runner *run) {
    ck_row row[CK_BLOCK_ROWS + CK_TILE_ROWS];
    const size_t rows = block_rows(product, kernel);
    for (size_t first = 0; first < product->m; first += rows) {
        const size_t count = smaller(product->m - first, rows);
        const size_t tiles = (count + kernel.rows - 1) / kernel.rows;
        find_rows(product, first, count, tiles * kernel.rows, row);
        run(product, kernel, (row_block){row, first, count}, range);
    }
}

/// Part `piece` of `pieces` of the k of tap (ky, kx).
static ck_product part_of(const ck_product *product, size_t ky, size_t kx, size_t piece,
                          size_t pieces) {
    const size_t begin = product->k * piece / pieces;
    const size_t end = product->k * (piece + 1) / pieces;
    const size_t a_offset = ck_tap_row(product, ky, kx) * product->stride + begin;
    const size_t b_offset = (ky * product->kernel_w + kx) * product->k + begin;
    const bool is_last =
        ky + 1 == product->kernel_h && kx + 1 == product->kernel_w && piece + 1 == pieces;

    ck_product part = *product;
    part.kernel_h = 1;
    part.kernel_w = 1;
    part.k = end - begin;
    part.a = (const char *)product->a + a_offset * product->a_size;
    part.b = (const char *)product->b + b_offset * product->panel_n * product->b_size;
    part.adds = b_offset > 0;
    part.bias = is_last ? product->bias : NULL;
    return part;
}

static void run_parts(const ck_product *product, ck_tile_kernel kernel, ck_panel_range range) {
    const size_t pieces = (product->k + CK_PART_K - 1) / CK_PART_K;
    for (size_t ky = 0; ky < product->kernel_h; ky++) {
        for (size_t kx = 0; kx < product->kernel_w; kx++) {
            for (size_t piece = 0; piece < pieces; piece++) {
                const ck_product part = part_of(product, ky, kx, piece, pieces);
                run_blocks(&part, kernel, range, run_block);
            }
        }
    }
}

/// Where a part of a quantised product begins: a group of a tap.
typedef struct quantized_part {
    size_t tap_row, group, a_k, b_k, k;
    bool is_last;
} quantized_part;

static void run_arranged_part(const ck_product *product, ck_tile_kernel kernel, row_block block,
                              ck_panel_range range, quantized_part at) {
    _Alignas(64) char arranged[CK_ARRANGED_BYTES];
    ck_product part = *product;
    part.k = at.k;
    part.part_a = (at.tap_row * product->stride + at.a_k) * product->a_size;
    part.part_scale = at.tap_row * product->groups + at.group;
    part.adds = at.b_k > 0;
    part.b_scale = at.is_last ? product->b_scale : NULL;
    part.bias = at.is_last ? product->bias : NULL;
    const char *const b = (const char *)product->b + range.begin * product->panel_bytes +
                          at.b_k * product->panel_n * product->b_size;
    kernel.arrange(&part, b, range.end - range.begin, arranged);
    run_group(&part, kernel, block, (panel_group){range, arranged, 0});
}

/// The parts of a tile's panels follow each other, so that the block's C stays in the cache.
static void run_arranged_block(const ck_product *product, ck_tile_kernel kernel, row_block block,
                               ck_panel_range range) {
    const size_t taps = product->kernel_h * product->kernel_w;
    for (size_t panel = range.begin; panel < range.end; panel += kernel.panels) {
        const ck_panel_range tile = {panel, smaller(panel + kernel.panels, range.end)};
        quantized_part part = {0};
        for (size_t tap = 0; tap < taps; tap++) {
            part.tap_row = ck_tap_row(product, tap / product->kernel_w, tap % product->kernel_w);
            part.a_k = 0;
            for (part.group = 0; part.group < product->groups; part.group++) {
                part.k = product->group_k[part.group];
                part.is_last = tap + 1 == taps && part.group + 1 == product->groups;
                run_arranged_part(product, kernel, block, tile, part);
                part.a_k += part.k;
                part.b_k += part.k;
            }
        }
    }
}

void ck_run_product(ck_product product, ck_tile_kernel kernel, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc) {
    if (product.m == 0) {
        return;
    }
    product.bias = bias;
    product.c = c;
    product.ldc = ldc;
    const size_t panel_k = product.kernel_h * product.kernel_w * product.k;
    if (kernel.arrange) {
        run_blocks(&product, kernel, range, run_arranged_block);
    } else if (is_quantized(&product) || panel_k <= CK_PART_K) {
        run_blocks(&product, kernel, range, run_block);
    } else {
        run_parts(&product, kernel, range);
    }
}
