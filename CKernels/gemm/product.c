#include "product.h"
#include "../quantize/quantize.h"

static size_t smaller(size_t x, size_t y) {
    return x < y ? x : y;
}

static bool is_quantized(const ck_product *product) {
    return product->a_scale;
}

/// Rows of a block: their activations stay in the second-level cache while all panels pass by.
/// Blocks are about equally long.
static size_t block_rows(const ck_product *product, size_t tile_rows) {
    const size_t budget = 256 * 1024;
    const size_t fewest = 48;
    const size_t row_bytes =
        smaller(product->k, product->stride) * product->a_size * product->step * product->step;
    size_t rows = smaller(budget / (row_bytes + 1), CK_BLOCK_ROWS);
    if (rows < fewest) {
        rows = fewest;
    }
    const size_t blocks = (product->m + rows - 1) / rows;
    const size_t tiles = (product->m + blocks * tile_rows - 1) / (blocks * tile_rows);
    return tiles * tile_rows;
}

/// Panels of a group: they take turns at each tile, so that its activations stay in the first-level
/// cache while the next panel streams in. Parts of floating-point panels are larger than a tile's
/// activations: there it is the panel that stays.
static size_t group_panels(const ck_product *product) {
    const size_t budget = 64 * 1024;
    if (!is_quantized(product) || product->panel_bytes > budget) {
        return 1;
    }
    return budget / (product->panel_bytes + 1) + 1;
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
        row[i].a_scale = product->a_scale ? product->a_scale + input * product->groups : NULL;
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

static void run_group(const ck_product *product, ck_tile_kernel kernel, row_block block,
                      const void *b, ck_panel_range group) {
    for (size_t i = 0; i < block.count; i += kernel.rows) {
        for (size_t panel = group.begin; panel < group.end; panel++) {
            const size_t j = panel * product->panel_n;
            const ck_tile tile = {
                .row = block.row + i,
                .panel = (const char *)b + (panel - group.begin) * product->panel_bytes,
                .b_scale = product->b_scale ? product->b_scale + j : NULL,
                .bias = product->bias ? product->bias + j : NULL,
                .c = product->c + (block.first + i) * product->ldc + j,
                .rows = smaller(block.count - i, kernel.rows),
                .columns = smaller(product->n - j, product->panel_n),
            };
            kernel.compute(product, &tile);
        }
    }
}

static void run_block(const ck_product *product, ck_tile_kernel kernel, row_block block,
                      ck_panel_range range) {
    _Alignas(64) float wide[CK_PART_K * CK_PANEL_FLOAT];
    const size_t panels = group_panels(product);
    for (size_t panel = range.begin; panel < range.end; panel += panels) {
        const void *b = (const char *)product->b + panel * product->panel_bytes;
        if (product->b_size == sizeof(uint16_t)) {
            const size_t panel_k = product->kernel_h * product->kernel_w * product->k;
            ck_f32_from_f16(panel_k * CK_PANEL_FLOAT, b, wide);
            b = wide;
        }
        const ck_panel_range group = {panel, smaller(panel + panels, range.end)};
        run_group(product, kernel, block, b, group);
    }
}

static void run_part(const ck_product *product, ck_tile_kernel kernel, ck_panel_range range) {
    ck_row row[CK_BLOCK_ROWS + CK_TILE_ROWS];
    const size_t rows = block_rows(product, kernel.rows);
    for (size_t first = 0; first < product->m; first += rows) {
        const size_t count = smaller(product->m - first, rows);
        const size_t tiles = (count + kernel.rows - 1) / kernel.rows;
        find_rows(product, first, count, tiles * kernel.rows, row);
        run_block(product, kernel, (row_block){row, first, count}, range);
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
                run_part(&part, kernel, range);
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
    if (is_quantized(&product) || panel_k <= CK_PART_K) {
        run_part(&product, kernel, range);
    } else {
        run_parts(&product, kernel, range);
    }
}
