/// Moved pixels, each looked up by the definition. There is no rung: all run the same code.
#include "kernel_check.h"

static void check_copy(size_t pixels, size_t channels, size_t x_gap, size_t y_gap) {
    if (!check_case("copy_pixels", "pixels=%zu channels=%zu gaps=%zu,%zu", pixels, channels, x_gap,
                    y_gap)) {
        return;
    }
    const size_t ldx = channels + x_gap, ldy = channels + y_gap;
    const size_t last = pixels > 0 ? pixels - 1 : 0, some = pixels > 0 ? channels : 0;
    const float *x = check_input_f32(last * ldx + some, 1, CHECK_NAN);
    float *expected = check_output(pixels * ldy * 4, 0),
          *actual = check_output(pixels * ldy * 4, 4);
    for (size_t i = 0; i < pixels * channels; i++) {
        expected[i / channels * ldy + i % channels] = x[i / channels * ldx + i % channels];
    }
    ck_copy_pixels(pixels, channels, x, ldx, actual, ldy);
    check_same("y", pixels * ldy, 4, expected, actual);
    for (check_bench bench = check_bench_begin(8.0 * (double)(pixels * channels), CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_copy_pixels(pixels, channels, x, ldx, actual, ldy);
    }
}

static void check_upsample(size_t width, size_t channels) {
    if (!check_case("upsample_nearest_2x", "width=%zu channels=%zu", width, channels)) {
        return;
    }
    const size_t count = 2 * width * channels;
    const float *x = check_input_f32(width * channels, 1, CHECK_NAN);
    float *expected = check_input(count * 4, 0), *actual = check_output(count * 4, 4);
    for (size_t i = 0; i < count; i++) {
        expected[i] = x[i / channels / 2 * channels + i % channels];
    }
    ck_upsample_nearest_2x(width, channels, x, actual);
    check_same("y", count, 4, expected, actual);
    for (check_bench bench = check_bench_begin(6.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_upsample_nearest_2x(width, channels, x, actual);
    }
}

static void check_shuffle(size_t width, size_t channels, size_t r, size_t gap) {
    if (!check_case("pixel_shuffle", "width=%zu channels=%zu r=%zu gap=%zu", width, channels, r,
                    gap)) {
        return;
    }
    const size_t row = width * r * channels, ldy = row + gap, count = width * channels * r * r;
    const float *x = check_input_f32(count, 1, CHECK_NAN);
    float *expected = check_output(r * ldy * 4, 0), *actual = check_output(r * ldy * 4, 4);
    for (size_t i = 0; i < count; i++) {
        const size_t pixel = i / (channels * r * r), channel = i % (channels * r * r);
        const size_t c = channel / (r * r), dy = channel / r % r, dx = channel % r;
        expected[dy * ldy + (pixel * r + dx) * channels + c] = x[i];
    }
    ck_pixel_shuffle(width, channels, r, x, actual, ldy);
    check_same("y", r * ldy, 4, expected, actual);
    float *back = check_output(count * 4, 4);
    ck_pixel_unshuffle(width, channels, r, actual, ldy, back);
    check_same("unshuffled", count, 4, x, back);
    for (check_bench bench = check_bench_begin(8.0 * (double)count, CHECK_BYTES);
         check_bench_next(&bench);) {
        ck_pixel_shuffle(width, channels, r, x, actual, ldy);
    }
}

void check_resample(void) {
    for (size_t width = 0; width < 6; width++) {
        for (size_t channels = 1; channels < 20; channels += 3) {
            check_copy(width, channels, channels % 3, width % 2);
            check_copy(width, 5 * channels, width % 2, channels % 2);
            check_upsample(width, channels);
            check_shuffle(width, channels, 1 + (width + channels) % 4, width % 3);
        }
    }
    check_copy(200, 32, 32, 0);
    check_upsample(64, 320);
    check_shuffle(64, 3, 4, 0);
}
