/// Matrix products: tile and panel edges, short and long k, groups, the largest sums.
#include "check_product.h"

static check_product gemm(check_types types, size_t m, size_t n) {
    return (check_product){
        .types = types,
        .window = {.height = m, .width = 1, .kernel_h = 1, .kernel_w = 1, .stride = 1},
        .n = n,
    };
}

static void check_with_k(check_types types, check_filling filling, size_t m, size_t n, size_t k) {
    check_product product = gemm(types, m, n);
    product.filling = filling;
    check_group_k(&product, k);
    check_one_product(product, false);
}

static void check_edges(check_types types) {
    static const size_t ms[] = {0, 1, 2, 4, 5, 6, 7, 8, 9, 13, 16};
    static const size_t ns[] = {1, 3, 7, 8, 9, 15, 16, 17, 40};
    static const size_t ks[] = {4, 8, 12, 16, 20, 36, 1, 3, 7, 31};
    const size_t multiples_of_4 = 6, all = sizeof ks / sizeof *ks;
    const bool is_float = types == CHECK_F32_F32 || types == CHECK_F32_F16;
    for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
        for (size_t j = 0; j < sizeof ns / sizeof *ns; j++) {
            for (size_t l = 0; l < (is_float ? all : multiples_of_4); l++) {
                check_with_k(types, CHECK_RANDOM, ms[i], ns[j], ks[l]);
            }
            check_with_k(types, CHECK_EXTREMES, ms[i], ns[j], 36);
            check_with_k(types, CHECK_LARGEST, ms[i], ns[j], 12);
            check_with_k(types, CHECK_ZEROS, ms[i], ns[j], 8);
        }
    }
}

/// Parts of k, groups of panels and blocks of rows.
static void check_long(check_types types) {
    const bool is_float = types == CHECK_F32_F32 || types == CHECK_F32_F16;
    for (check_filling filling = 0; filling < CHECK_FILLINGS; filling++) {
        check_with_k(types, filling, 7, 17, 320);
        check_with_k(types, filling, 7, 9, 2560);
        check_with_k(types, filling, 3, 5, CK_GROUP_MAX);
        check_with_k(types, filling, 401, 17, 20);
    }
    check_with_k(types, CHECK_RANDOM, 13, 40, 388);
    check_with_k(types, CHECK_RANDOM, 13, 136, 1024);
    check_with_k(types, CHECK_RANDOM, 197, 9, 1284);
    if (is_float) {
        check_with_k(types, CHECK_RANDOM, 13, 33, 383);
        check_with_k(types, CHECK_RANDOM, 13, 33, 385);
        check_with_k(types, CHECK_RANDOM, 9, 17, 1153);
    }
}

static void check_groups(check_types types) {
    static const size_t groups[][check_most_groups] = {
        {4, 4, 0},    {320, 320, 0},  {8, 64, 0},    {4, 12, 20},
        {16, 16, 16}, {36, 320, 100}, {64, 4, 1024},
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        for (check_filling filling = 0; filling < CHECK_FILLINGS; filling++) {
            check_product product = gemm(types, 5 + i, 7 + 3 * i);
            product.filling = filling;
            for (size_t g = 0; g < check_most_groups && groups[i][g] > 0; g++) {
                product.group_k[product.groups++] = groups[i][g];
            }
            check_one_product(product, false);
        }
    }
}

static void time_large(check_types types) {
    static const size_t shapes[][3] = {
        {256, 320, 320}, {256, 1280, 1280}, {256, 1280, 5120}, {77, 768, 768}, {2, 1280, 1280}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_product product = gemm(types, shapes[i][0], shapes[i][1]);
        product.is_timed = true;
        check_group_k(&product, shapes[i][2]);
        check_one_product(product, false);
    }
}

void check_gemm(void) {
    for (check_types types = 0; types < CHECK_TYPES; types++) {
        check_edges(types);
        check_long(types);
        check_groups(types);
        if (check_benchmarking()) {
            time_large(types);
        }
    }
}
