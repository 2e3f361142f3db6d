#include "product.h"

/// Rows of a block: their activations stay in the second-level cache while all panels pass by, each
/// panel in the first-level cache while the block's tiles pass by.
static size_t block_rows(const ck_product *product, size_t tile_rows) {
    const size_t budget = 192 * 1024;
    const size_t new_k = product->k < product->stride ? product->k : product->stride;
    const size_t row_bytes = new_k * product->a_size * product->step * product->step;
    size_t rows = row_bytes > 0 ? budget / row_bytes : CK_BLOCK_ROWS;
    if (rows > CK_BLOCK_ROWS) {
        rows = CK_BLOCK_ROWS;
    }
    rows -= rows % tile_rows;
    return rows > 4 * tile_rows ? rows : 4 * tile_rows;
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

static void run_block(const ck_product *product, ck_tile_kernel kernel, size_t first, size_t count,
                      ck_panel_range range) {
    ck_row row[CK_BLOCK_ROWS + CK_TILE_ROWS];
    const size_t tiles = (count + kernel.rows - 1) / kernel.rows;
    find_rows(product, first, count, tiles * kernel.rows, row);

    for (size_t panel = range.begin; panel < range.end; panel++) {
        const size_t j = panel * product->panel_n;
        const size_t left = product->n - j;
        for (size_t i = 0; i < count; i += kernel.rows) {
            const ck_tile tile = {
                .row = row + i,
                .panel = (const char *)product->b + panel * product->panel_bytes,
                .b_scale = product->b_scale ? product->b_scale + j : NULL,
                .bias = product->bias ? product->bias + j : NULL,
                .c = product->c + (first + i) * product->ldc + j,
                .rows = count - i < kernel.rows ? count - i : kernel.rows,
                .columns = left < product->panel_n ? left : product->panel_n,
            };
            kernel.compute(product, &tile);
        }
    }
}

void ck_run_product(ck_product product, ck_tile_kernel kernel, ck_panel_range range,
                    const float *_Nullable bias, float *c, size_t ldc) {
    product.bias = bias;
    product.c = c;
    product.ldc = ldc;
    const size_t block = block_rows(&product, kernel.rows);
    for (size_t first = 0; first < product.m; first += block) {
        const size_t left = product.m - first;
        run_block(&product, kernel, first, left < block ? left : block, range);
    }
}
