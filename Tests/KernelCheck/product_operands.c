#include "product_operands.h"

#include <string.h>

static size_t panel_width(const check_product *product) {
    return has_bytes(product) ? CK_PANEL_Q8 : CK_PANEL_FLOAT;
}

static size_t round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static int16_t random_level(check_filling filling, int most) {
    if (filling == CHECK_EXTREMES || filling == CHECK_LARGEST) {
        return (int16_t)(filling == CHECK_LARGEST || check_below(2) ? most : -most);
    }
    return (int16_t)((int)check_below(2 * (size_t)most + 1) - most);
}

/// What lies between pixels stays poisoned.
static void fill_pixel(const check_product *product, operands *operands, size_t pixel) {
    static const check_kind kinds[CHECK_FILLINGS] = {CHECK_NORMAL, CHECK_TINY, CHECK_INFINITE,
                                                     CHECK_ZERO};
    const bool is_zero = product->filling == CHECK_ZEROS && check_below(2);
    const size_t begin = pixel * operands->stride;
    const size_t channels = product->window.channels;
    if (!is_quantized(product)) {
        check_fill_f32(channels, (float *)operands->a + begin, kinds[product->filling]);
        return;
    }
    int32_t *const offset = operands->a_offset + pixel * product->groups;
    size_t group = 0, end = product->group_k[0];
    memset(offset, 0, product->groups * sizeof *offset);
    for (size_t c = 0; c < channels; c++) {
        if (product->types != CHECK_Q8_Q8) {
            ((int16_t *)operands->a)[begin + c] =
                is_zero ? 0 : random_level(product->filling, 2047);
        } else {
            const int8_t q = is_zero ? 0 : (int8_t)random_level(product->filling, 127);
            ((int8_t *)operands->a)[begin + c] = q;
            if (c == end) {
                end += product->group_k[++group];
            }
            offset[group] -= 128 * q;
        }
    }
    for (size_t g = 0; g < product->groups; g++) {
        operands->a_scale[pixel * product->groups + g] = is_zero ? 0 : check_uniform(1e-4f, 2);
    }
}

size_t weight_index(const check_product *product, const operands *operands, size_t j, size_t k) {
    if (has_bytes(product)) {
        return j / 8 * operands->panel_size + k / 4 * 32 + j % 8 * 4 + k % 4;
    }
    return j / 16 * operands->panel_size + k * 16 + j % 16;
}

static void fill_weight(const check_product *product, operands *operands, size_t index) {
    switch (product->types) {
    case CHECK_F32_F32:
        ((float *)operands->b)[index] = check_normal();
        break;
    case CHECK_F32_F16:
    case CHECK_Q16_F16: // Any float16 below 2 in magnitude.
        ((uint16_t *)operands->b)[index] =
            (uint16_t)(check_below(0x4000) | (check_below(2) ? 0x8000 : 0));
        break;
    default:
        ((int8_t *)operands->b)[index] = (int8_t)random_level(product->filling, 127);
    }
}

operands make_operands(const check_product *product) {
    static const size_t a_sizes[CHECK_TYPES] = {4, 4, 2, 1, 2};
    static const size_t b_sizes[CHECK_TYPES] = {4, 2, 1, 1, 2};
    const size_t a_size = a_sizes[product->types], b_size = b_sizes[product->types];
    const size_t rows = pixels(&product->window), channels = product->window.channels;
    const size_t k = taps(&product->window) * channels, n = product->n;
    const size_t width = panel_width(product), n_read = round_up(n, 16);
    operands made = {
        .stride = channels + (check_below(2) ? check_below(9) : 0),
        .ldc = n + (check_below(2) ? check_below(9) : 0),
        .panels = (n + width - 1) / width,
        .panel_size = width * (has_bytes(product) ? round_up(k, 8)
                               : b_size == 2      ? round_up(k, 2)
                                                  : k),
    };
    const size_t a_count = rows > 0 ? (rows - 1) * made.stride + channels : 0;
    made.a = check_input(a_count * a_size, check_below(4) * a_size);
    made.a_scale = check_input(rows * product->groups * sizeof(float), 4 * check_below(4));
    made.a_offset = check_input(rows * product->groups * sizeof(int32_t), 4 * check_below(4));
    made.b = check_input(made.panels * made.panel_size * b_size, 0);
    made.b_scale = check_input(n_read * sizeof(float), 4 * check_below(4));
    made.bias = check_below(3) ? check_input(n_read * sizeof(float), 4 * check_below(4)) : NULL;

    for (size_t i = 0; i < rows; i++) {
        fill_pixel(product, &made, i);
    }
    memset(made.b, 0, made.panels * made.panel_size * b_size);
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < k; i++) {
            fill_weight(product, &made, weight_index(product, &made, j, i));
        }
        made.b_scale[j] = check_uniform(1e-4f, 2);
        if (made.bias) {
            made.bias[j] = check_normal();
        }
    }
    return made;
}
