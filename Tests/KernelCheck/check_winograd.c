/// Winograd's convolution against the direct sum in double, within the bound of winograd.h; and the
/// same bytes however the picture is cut into blocks and the outputs into ranges.
#include "kernel_check.h"

#include <math.h>
#include <string.h>

typedef struct shape {
    size_t height, width, channels, outputs;
    check_kind kind;
} shape;

/// The operands of a case. The picture has a border of 1 zero pixel, and more below and to the
/// right, up to what whole tiles read.
typedef struct operands {
    float *x; ///< [4 · tile rows + 2, 4 · tile columns + 2, channels]
    size_t columns;
    int8_t *q;
    float *scale, *bias;
    size_t tap_channels, panels;
} operands;

static const double bt[6][6] = {
    {4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
    {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
};
static const double g[6][3] = {{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 1}};
static const double at[4][6] = {
    {-1.5, 1, 1, -0.25, -0.25, 0},
    {0, 1, -1, -0.5, 0.5, 0},
    {0, 1, 1, -1, -1, 0},
    {0, 1, -1, -2, 2, -6},
};

static size_t round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static size_t tiles_along(size_t pixels) {
    return (pixels + CK_WINOGRAD_TILE - 1) / CK_WINOGRAD_TILE;
}

static size_t weight_index(const operands *o, size_t j, size_t tap, size_t c) {
    const size_t k = tap * o->tap_channels + c;
    return j / 8 * round_up(9 * o->tap_channels, 8) * 8 + k / 4 * 32 + j % 8 * 4 + k % 4;
}

static operands make_operands(const shape *s) {
    operands made = {
        .columns = tiles_along(s->width) * CK_WINOGRAD_TILE + 2,
        .tap_channels = round_up(s->channels, 4),
        .panels = (s->outputs + 7) / 8,
    };
    const size_t rows = tiles_along(s->height) * CK_WINOGRAD_TILE + 2;
    const size_t count = rows * made.columns * s->channels;
    made.x = check_input(count * sizeof *made.x, 0);
    memset(made.x, 0, count * sizeof *made.x);
    for (size_t y = 1; y <= s->height; y++) {
        check_fill_f32(s->width * s->channels, made.x + (y * made.columns + 1) * s->channels,
                       s->kind);
    }
    const size_t weights = made.panels * round_up(9 * made.tap_channels, 8) * 8;
    made.q = check_input(weights, 0);
    memset(made.q, 0, weights);
    made.scale = check_input_f32(round_up(s->outputs, 16), 1, CHECK_NORMAL);
    made.bias = check_below(3) ? check_input_f32(round_up(s->outputs, 16), 1, CHECK_NORMAL) : NULL;
    for (size_t j = 0; j < s->outputs; j++) {
        made.scale[j] = check_uniform(1e-4f, 2);
        for (size_t i = 0; i < 9 * s->channels; i++) {
            made.q[weight_index(&made, j, i % 9, i / 9)] = (int8_t)((int)check_below(255) - 127);
        }
    }
    return made;
}

// Calling

typedef struct rectangle {
    size_t top, left, height, width; ///< Output pixels; the corner at multiples of 4.
} rectangle;

static ck_winograd_block block_of(rectangle r) {
    return (ck_winograd_block){tiles_along(r.height), tiles_along(r.width), r.height, r.width,
                               ck_winograd_selected_operands()};
}

static size_t part_channels(void) {
    return ck_winograd_part_channels(ck_winograd_selected_operands());
}

/// The pixels that a rectangle reads of the part that begins at `first`; behind the zeros after the
/// last channel comes what would be noticed.
static void gather(const shape *s, const operands *o, rectangle r, size_t first, float *x) {
    const size_t rows = tiles_along(r.height) * CK_WINOGRAD_TILE + 2;
    const size_t columns = tiles_along(r.width) * CK_WINOGRAD_TILE + 2;
    for (size_t i = 0; i < rows * columns * part_channels(); i++) {
        const size_t pixel = i / part_channels(), c = first + i % part_channels();
        const size_t from = (r.top + pixel / columns) * o->columns + r.left + pixel % columns;
        x[i] = c < s->channels                ? o->x[from * s->channels + c]
               : c < round_up(s->channels, 8) ? 0
                                              : NAN;
    }
}

/// Room for one block, and the input of all parts of its channels.
typedef struct room {
    float *x, *input, *scratch;
} room;

static size_t part_count(const shape *s) {
    return (s->channels + part_channels() - 1) / part_channels();
}

static room make_room(const shape *s, ck_winograd_block block, size_t panels) {
    const size_t rows = block.tile_rows * CK_WINOGRAD_TILE + 2;
    const size_t columns = block.tile_columns * CK_WINOGRAD_TILE + 2;
    return (room){
        check_input(rows * columns * part_channels() * sizeof(float), 0),
        check_output(part_count(s) * ck_winograd_input_size(block) * sizeof(float), 0),
        check_output(ck_winograd_scratch_size(block, panels) * sizeof(float), 0),
    };
}

/// Transforms the part that begins at `first`.
static void transform(const shape *s, ck_winograd_block block, size_t first, const float *x,
                      float *input) {
    const size_t left = s->channels - first;
    const size_t channels = left < part_channels() ? left : part_channels();
    const size_t columns = block.tile_columns * CK_WINOGRAD_TILE + 2;
    for (size_t row = 0; row < block.tile_rows; row++) {
        ck_winograd_transform(block, row, channels, x, input);
        x += CK_WINOGRAD_TILE * columns * part_channels();
    }
}

/// Stores all rows of the block's tiles.
static void finish(const operands *o, ck_winograd_block block, ck_panels_q8 b, ck_panel_range range,
                   const float *scratch, float *y, size_t row_stride, size_t ldy) {
    for (size_t row = 0; row < block.tile_rows; row++) {
        ck_winograd_finish_q8(block, row, b, range, o->bias, scratch, y, row_stride, ldy);
        y += CK_WINOGRAD_TILE * row_stride;
    }
}

/// Computes a rectangle of the outputs of some panels into y, [height, width, ldy].
static void convolve(const shape *s, const operands *o, rectangle r, ck_panel_range range,
                     room room, float *y, size_t ldy) {
    const ck_winograd_block block = block_of(r);
    const ck_panels_q8 b = {o->q, o->scale, s->outputs, 9 * o->tap_channels};
    ck_winograd_parts parts = {room.input, ck_winograd_input_size(block), 0, s->channels};
    for (size_t i = 0; i < part_count(s); i++) {
        const size_t first = i * part_channels();
        gather(s, o, r, first, room.x);
        transform(s, block, first, room.x, room.input + i * parts.stride);
    }
    // At once, or some parts after the others.
    for (size_t left = part_count(s); left > 0;) {
        const size_t count = 1 + check_below(left), last = parts.first + count * part_channels();
        parts.end = left == count ? s->channels : last;
        ck_winograd_multiply_q8(block, parts, b, range, room.scratch);
        parts.input += count * parts.stride;
        parts.first = last;
        left -= count;
    }
    float *corner = y + (r.top * s->width + r.left) * ldy;
    finish(o, block, b, range, room.scratch, corner, s->width * ldy, ldy);
}

// Promises

/// |t| · |in| · |t|ᵀ, with t [rows, columns] and in [columns, columns].
static void magnitudes(size_t rows, size_t columns, const double *t, const double *in,
                       double *out) {
    double half[36] = {0};
    memset(out, 0, rows * rows * sizeof *out);
    for (size_t i = 0; i < rows * columns * columns; i++) {
        const size_t row = i / (columns * columns), k = i / columns % columns, j = i % columns;
        half[row * columns + j] += fabs(t[row * columns + k] * in[k * columns + j]);
    }
    for (size_t i = 0; i < rows * rows * columns; i++) {
        const size_t row = i / (rows * columns), j = i / columns % rows, k = i % columns;
        out[row * rows + j] += half[row * columns + k] * fabs(t[j * columns + k]);
    }
}

/// Bᵀ d B of the tile whose first input pixel is at `corner`.
static void transformed_input(const shape *s, const operands *o, size_t corner, size_t channel,
                              bool of_magnitudes, double *input) {
    double half[36] = {0}, d[36];
    for (size_t i = 0; i < 36; i++) {
        d[i] = (double)o->x[(corner + i / 6 * o->columns + i % 6) * s->channels + channel];
    }
    if (of_magnitudes) {
        magnitudes(6, 6, *bt, d, input);
        return;
    }
    memset(input, 0, 36 * sizeof *input);
    for (size_t i = 0; i < 216; i++) {
        half[i / 36 * 6 + i % 6] += bt[i / 36][i / 6 % 6] * d[i / 6 % 6 * 6 + i % 6];
    }
    for (size_t i = 0; i < 216; i++) {
        input[i / 36 * 6 + i % 6] += half[i / 36 * 6 + i / 6 % 6] * bt[i % 6][i / 6 % 6];
    }
}

/// Half a step of what a channel's part is rounded to, at each place.
static void half_steps(const shape *s, const operands *o, size_t corner, size_t channel,
                       double *steps) {
    const size_t first = channel / part_channels() * part_channels();
    memset(steps, 0, 36 * sizeof *steps);
    for (size_t c = first; c < first + part_channels() && c < s->channels; c++) {
        double input[36];
        transformed_input(s, o, corner, c, false, input);
        for (size_t p = 0; p < 36; p++) {
            steps[p] = fmax(steps[p], fabs(input[p]) / 5391 / 2 + 0x1p-110);
        }
    }
}

/// What the contract allows an output to differ.
static double allowed(const shape *s, const operands *o, size_t y, size_t x, size_t j) {
    const size_t r = y % 4, c = x % 4, corner = (y - r) * o->columns + x - c;
    const double relative = ((double)s->channels + 24) * 0x1p-24;
    double products[36] = {0}, sums[16], steps[36] = {0};
    for (size_t channel = 0; channel < s->channels; channel++) {
        double q[9], input[36], weight[36];
        transformed_input(s, o, corner, channel, true, input);
        for (size_t tap = 0; tap < 9; tap++) {
            q[tap] = o->q[weight_index(o, j, tap, channel)];
        }
        magnitudes(6, 3, *g, q, weight);
        if (ck_winograd_selected_operands() == CK_WINOGRAD_INT16 &&
            channel % part_channels() == 0) {
            half_steps(s, o, corner, channel, steps);
        }
        for (size_t p = 0; p < 36; p++) {
            products[p] += (input[p] * relative + steps[p]) * weight[p];
        }
    }
    magnitudes(4, 6, *at, products, sums);
    const double bias = o->bias ? fabs((double)o->bias[j]) : 0;
    return sums[4 * r + c] * (double)o->scale[j] / 36 + bias * relative + 0x1p-110;
}

static double direct_sum(const shape *s, const operands *o, size_t y, size_t x, size_t j) {
    double sum = 0;
    for (size_t tap = 0; tap < 9; tap++) {
        const float *pixel = o->x + ((y + tap / 3) * o->columns + x + tap % 3) * s->channels;
        for (size_t c = 0; c < s->channels; c++) {
            sum += (double)pixel[c] * o->q[weight_index(o, j, tap, c)];
        }
    }
    return sum * (double)o->scale[j] + (o->bias ? (double)o->bias[j] : 0);
}

static void check_outputs(const shape *s, const operands *o, const float *y, size_t ldy) {
    const size_t count = s->height * s->width * s->outputs, most = 50;
    const size_t step = count > most ? count / most : 1;
    for (size_t i = 0; i < count; i += step) {
        const size_t j = i % s->outputs, pixel = i / s->outputs;
        const size_t row = pixel / s->width, column = pixel % s->width;
        const double expected = direct_sum(s, o, row, column, j);
        const double bound = allowed(s, o, row, column, j);
        if (!check_value("y", i, expected, y[pixel * ldy + j], bound)) {
            return;
        }
    }
}

static void check_gaps(const shape *s, const float *y, size_t ldy) {
    for (size_t i = 0; i < s->height * s->width * ldy; i++) {
        uint32_t bits;
        memcpy(&bits, y + i, sizeof bits);
        if (i % ldy >= s->outputs && bits != UINT32_MAX) {
            check_fail("pixel %zu is written past its outputs", i / ldy);
            return;
        }
    }
}

/// In eight pieces, cut at any tile row, tile column and panel: the same bytes.
static void check_pieces(const shape *s, const operands *o, const float *y, size_t ldy) {
    const size_t count = s->height * s->width * ldy;
    float *pieces = check_output(count * sizeof *pieces, 0);
    const size_t row = CK_WINOGRAD_TILE * check_below(tiles_along(s->height));
    const size_t column = CK_WINOGRAD_TILE * check_below(tiles_along(s->width));
    const size_t panel = check_below(o->panels + 1);
    const size_t tops[] = {0, row, s->height}, lefts[] = {0, column, s->width};
    const size_t panels[] = {0, panel, o->panels};
    for (size_t i = 0; i < 8; i++) {
        const size_t a = i % 2, b = i / 2 % 2, c = i / 4;
        const rectangle r = {tops[a], lefts[b], tops[a + 1] - tops[a], lefts[b + 1] - lefts[b]};
        if (r.height > 0 && r.width > 0) {
            const ck_panel_range range = {panels[c], panels[c + 1]};
            convolve(s, o, r, range, make_room(s, block_of(r), range.end - range.begin), pieces,
                     ldy);
        }
    }
    check_same("pieces", count, sizeof *y, y, pieces);
}

static void check_shape(shape s) {
    if (!check_case("winograd_q8", "%zux%zu channels=%zu outputs=%zu %s", s.height, s.width,
                    s.channels, s.outputs, check_kind_name(s.kind))) {
        return;
    }
    const operands o = make_operands(&s);
    const size_t ldy = s.outputs + check_below(4);
    const rectangle all = {0, 0, s.height, s.width};
    float *y = check_output(s.height * s.width * ldy * sizeof *y, sizeof *y * check_below(4));
    convolve(&s, &o, all, (ck_panel_range){0, o.panels}, make_room(&s, block_of(all), o.panels), y,
             ldy);
    check_outputs(&s, &o, y, ldy);
    check_gaps(&s, y, ldy);
    check_pieces(&s, &o, y, ldy);
}

// Timing

/// All of a block's outputs, some panels after the others; its pixels stay gathered.
static void convolve_run_by_run(const shape *s, const operands *o, room room, float *y) {
    const size_t run = 8, ldy = s->outputs;
    const ck_winograd_block block = block_of((rectangle){0, 0, s->height, s->width});
    const ck_panels_q8 b = {o->q, o->scale, s->outputs, 9 * o->tap_channels};
    for (size_t panel = 0; panel < o->panels; panel += run) {
        const size_t end = panel + run < o->panels ? panel + run : o->panels;
        const ck_panel_range range = {panel, end};
        const ck_winograd_parts parts = {room.input, ck_winograd_input_size(block), 0, s->channels};
        for (size_t i = 0; panel == 0 && i < part_count(s); i++) {
            transform(s, block, i * part_channels(), room.x, room.input + i * parts.stride);
        }
        ck_winograd_multiply_q8(block, parts, b, range, room.scratch);
        finish(o, block, b, range, room.scratch, y, s->width * ldy, ldy);
    }
}

/// The work is the direct sum's.
static void time_shape(shape s) {
    if (!check_case("winograd_q8", "%zux%zu channels=%zu outputs=%zu timed", s.height, s.width,
                    s.channels, s.outputs)) {
        return;
    }
    const operands o = make_operands(&s);
    const rectangle all = {0, 0, s.height, s.width};
    const room room = make_room(&s, block_of(all), o.panels);
    float *y = check_output(s.height * s.width * s.outputs * sizeof *y, 0);
    gather(&s, &o, all, 0, room.x);
    const double work = 18.0 * (double)(s.height * s.width * s.channels * s.outputs);
    for (check_bench bench = check_bench_begin(work, CHECK_F32); check_bench_next(&bench);) {
        convolve_run_by_run(&s, &o, room, y);
    }
}

void check_winograd(void) {
    static const size_t sides[] = {1, 3, 4, 5, 8, 13}, channels[] = {1, 4, 7, 8, 20, 64, 67, 136};
    static const size_t outputs[] = {1, 7, 8, 9, 16, 17, 33, 41};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        for (size_t j = 0; j < sizeof channels / sizeof *channels; j++) {
            check_shape((shape){.height = sides[i],
                                .width = sides[(i + j) % 6],
                                .channels = channels[j],
                                .outputs = outputs[(i * 3 + j) % 8]});
        }
    }
    static const check_kind kinds[] = {CHECK_ZERO, CHECK_TINY};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        check_shape(
            (shape){.height = 9, .width = 6, .channels = 12, .outputs = 24, .kind = kinds[i]});
    }
    static const size_t timed[][4] = {
        {24, 48, 64, 32},    {24, 48, 192, 64},  {32, 32, 320, 320}, {32, 32, 640, 640},
        {16, 16, 1280, 640}, {24, 48, 512, 512}, {24, 48, 128, 128}, {8, 8, 1280, 640},
    };
    for (size_t i = 0; check_benchmarking() && i < sizeof timed / sizeof *timed; i++) {
        time_shape((shape){.height = timed[i][0],
                           .width = timed[i][1],
                           .channels = timed[i][2],
                           .outputs = timed[i][3]});
    }
}
