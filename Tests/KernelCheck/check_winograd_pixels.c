/// The transform of float16 pixels where they stand against that of the same pixels gathered in
/// float32: the same bytes, at the picture's edges too.
#include "kernel_check.h"

#include <string.h>

typedef struct shape {
    size_t height, width;
    size_t channels[3]; ///< Of the inputs side by side; 0 behind the last.
} shape;

enum { most_inputs = 3, tile_pixels = CK_WINOGRAD_TILE + 2 };

static size_t input_count(const shape *s) {
    size_t count = 0;
    while (count < most_inputs && s->channels[count] > 0) {
        count++;
    }
    return count;
}

/// The inputs, each [height, width, channels].
typedef struct pictures {
    uint16_t *x[most_inputs];
} pictures;

static pictures make_pictures(const shape *s) {
    pictures made;
    for (size_t i = 0; i < input_count(s); i++) {
        const size_t count = s->height * s->width * s->channels[i];
        const float *values = check_input_f32(count, 0, CHECK_NORMAL);
        made.x[i] = check_input(count * sizeof(uint16_t), 0);
        ck_f16_from_f32(count, values, made.x[i]);
    }
    return made;
}

/// The pixels that a row of the block's tiles reads, in float32.
static float *gather(const shape *s, const pictures *of, size_t top, size_t left, size_t columns,
                     size_t part) {
    float *const x = check_input(tile_pixels * columns * part * sizeof *x, 0);
    memset(x, 0, tile_pixels * columns * part * sizeof *x);
    for (size_t p = 0; p < tile_pixels * columns; p++) {
        // Counted from one above and left of the picture.
        const size_t row = top + p / columns, column = left + p % columns;
        const bool exists = row > 0 && row <= s->height && column > 0 && column <= s->width;
        float *to = x + p * part;
        for (size_t i = 0; exists && i < input_count(s); i++) {
            const size_t pixel = (row - 1) * s->width + column - 1;
            ck_f32_from_f16(s->channels[i], of->x[i] + pixel * s->channels[i], to);
            to += s->channels[i];
        }
    }
    return x;
}

static void transform_standing(const shape *s, const pictures *of, ck_winograd_block block,
                               size_t tile_row, size_t top, size_t left, float *input) {
    ck_winograd_pixels pixels[most_inputs];
    for (size_t i = 0; i < input_count(s); i++) {
        pixels[i] = (ck_winograd_pixels){.stride = s->channels[i], .channels = s->channels[i]};
        for (size_t r = 0; r < tile_pixels; r++) {
            const size_t row = top + r;
            pixels[i].row[r] = row > 0 && row <= s->height
                                   ? of->x[i] + (row - 1) * s->width * s->channels[i]
                                   : NULL;
        }
    }
    ck_winograd_transform_pixels(block, tile_row, left, s->width, pixels, input_count(s), input);
}

/// The block that covers the picture from a tile on.
static void check_block(const shape *s, const pictures *of, size_t top, size_t left) {
    const size_t height = s->height - top, width = s->width - left;
    const ck_winograd_block block = {(height + CK_WINOGRAD_TILE - 1) / CK_WINOGRAD_TILE,
                                     (width + CK_WINOGRAD_TILE - 1) / CK_WINOGRAD_TILE, height,
                                     width, ck_winograd_selected_operands()};
    const size_t part = ck_winograd_part_channels(block.operands);
    const size_t columns = block.tile_columns * CK_WINOGRAD_TILE + 2;
    const size_t floats = ck_winograd_input_size(block);
    float *const expected = check_output(floats * sizeof *expected, 0);
    float *const actual = check_output(floats * sizeof *actual, 0);
    size_t channels = 0;
    for (size_t i = 0; i < input_count(s); i++) {
        channels += s->channels[i];
    }
    for (size_t row = 0; row < block.tile_rows; row++) {
        const size_t first = top + row * CK_WINOGRAD_TILE;
        const float *const x = gather(s, of, first, left, columns, part);
        ck_winograd_transform(block, row, channels, x, expected);
        transform_standing(s, of, block, row, first, left, actual);
    }
    check_same("transformed input", floats, sizeof *expected, expected, actual);
}

void check_winograd_pixels(void) {
    static const shape shapes[] = {
        {1, 1, {16}},      {2, 7, {32}},       {4, 4, {16, 16}},      {5, 9, {16}},
        {9, 5, {32}},      {11, 13, {16, 16}}, {16, 16, {64}},        {13, 8, {32, 32}},
        {8, 21, {16, 48}}, {12, 12, {48}},     {7, 30, {16, 16, 32}},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const shape *const s = shapes + i;
        if (!check_case("winograd_pixels", "%zux%zu channels=%zu+%zu+%zu", s->height, s->width,
                        s->channels[0], s->channels[1], s->channels[2])) {
            continue;
        }
        size_t channels = s->channels[0] + s->channels[1] + s->channels[2];
        if (channels > ck_winograd_part_channels(ck_winograd_selected_operands())) {
            continue;
        }
        const pictures of = make_pictures(s);
        check_block(s, &of, 0, 0);
        const size_t tile = CK_WINOGRAD_TILE;
        check_block(s, &of, (s->height - 1) / tile / 2 * tile, (s->width - 1) / tile / 2 * tile);
    }
}
