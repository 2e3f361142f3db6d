/// Convolutions: windows of any shape and stride over strips of any width, groups, long channels.
#include "check_product.h"

static const ck_window windows[] = {
    {.kernel_h = 3, .kernel_w = 3, .stride = 1}, {.kernel_h = 3, .kernel_w = 3, .stride = 2},
    {.kernel_h = 1, .kernel_w = 1, .stride = 1}, {.kernel_h = 1, .kernel_w = 1, .stride = 2},
    {.kernel_h = 1, .kernel_w = 3, .stride = 1}, {.kernel_h = 4, .kernel_w = 2, .stride = 3},
    {.kernel_h = 2, .kernel_w = 5, .stride = 1},
};

static check_product conv(check_types types, ck_window window, size_t height, size_t width,
                          size_t n) {
    window.height = height;
    window.width = width;
    return (check_product){.types = types, .window = window, .n = n};
}

static void check_with_channels(check_product product, check_filling filling, size_t channels) {
    product.filling = filling;
    check_group_k(&product, channels);
    check_one_product(product, true);
}

static void check_shapes(check_types types, ck_window window) {
    static const size_t heights[] = {0, 1, 2, 3}, widths[] = {1, 2, 5, 6, 7, 13};
    static const size_t ns[] = {3, 8, 17};
    const bool is_float = types == CHECK_F32_F32 || types == CHECK_F32_F16;
    for (size_t i = 0; i < sizeof heights / sizeof *heights; i++) {
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            const check_filling filling = (check_filling)((i + j) % CHECK_FILLINGS);
            for (size_t l = 0; l < sizeof ns / sizeof *ns; l++) {
                const check_product product = conv(types, window, heights[i], widths[j], ns[l]);
                check_with_channels(product, CHECK_RANDOM, 4);
                check_with_channels(product, CHECK_RANDOM, is_float ? 3 : 20);
                check_with_channels(product, filling, 12);
            }
        }
    }
}

static void check_groups(check_types types, ck_window window) {
    static const size_t groups[][check_most_groups] = {{4, 8, 0}, {64, 32, 32}, {12, 100, 0}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        for (check_filling filling = 0; filling < CHECK_FILLINGS; filling++) {
            check_product product = conv(types, window, 2, 5, 9);
            product.filling = filling;
            for (size_t g = 0; g < check_most_groups && groups[i][g] > 0; g++) {
                product.group_k[product.groups++] = groups[i][g];
            }
            check_one_product(product, true);
        }
    }
}

/// Parts of k, groups of panels and blocks of rows.
static void check_long(check_types types, ck_window window) {
    check_with_channels(conv(types, window, 2, 4, 10), CHECK_RANDOM, 320);
    check_with_channels(conv(types, window, 2, 4, 10), CHECK_EXTREMES, 320);
    check_with_channels(conv(types, window, 1, 3, 35), CHECK_RANDOM, 1280);
    check_with_channels(conv(types, window, 7, 61, 17), CHECK_RANDOM, 8);
    check_with_channels(conv(types, window, 3, 101, 5), CHECK_RANDOM, 128);
}

static void time_large(check_types types) {
    static const size_t shapes[][4] = {
        {16, 64, 320, 320}, {8, 16, 640, 1280}, {16, 64, 64, 64}, {16, 64, 32, 32}, {16, 64, 3, 64},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t *const shape = shapes[i];
        check_product product = conv(types, windows[0], shape[0], shape[1], shape[2]);
        product.is_timed = true;
        check_with_channels(product, CHECK_RANDOM, shape[3]);
    }
}

void check_conv(void) {
    for (check_types types = 0; types < CHECK_TYPES; types++) {
        for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
            check_shapes(types, windows[i]);
            check_groups(types, windows[i]);
            check_long(types, windows[i]);
        }
        if (check_benchmarking()) {
            time_large(types);
        }
    }
}
