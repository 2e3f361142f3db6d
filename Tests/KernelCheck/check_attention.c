/// Attention against the definition in double, on the reference rung too: its driver is shared.
#include "kernel_check.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef enum key_bias { NO_BIAS, SOME_BIAS, LAST_HIDDEN, ALL_HIDDEN, BIASES } key_bias;

typedef struct problem {
    size_t queries, keys, head_dim, ld, offset;
    bool causal;
    key_bias bias;
    float spread; ///< Deviation of the scaled scores: large ones leave one key to each query.
} problem;

typedef struct operands {
    ck_attention_head head;
    const float *q, *k, *v;
    float *packed_keys, *packed_values, *scratch;
} operands;

static const float *random_bias(const problem *p) {
    float *bias = check_input(p->keys * 4, 4);
    for (size_t j = 0; j < p->keys; j++) {
        const bool hidden = p->bias == ALL_HIDDEN || (p->bias == LAST_HIDDEN && j >= p->keys / 2);
        bias[j] = hidden ? -INFINITY : p->bias == SOME_BIAS ? check_normal() : 0;
    }
    return bias;
}

/// Rows with a gap of NaN behind each.
static const float *random_rows(const problem *p, size_t rows, float deviation) {
    float *x = check_input(rows * p->ld * 4, p->offset * 4);
    for (size_t i = 0; i < rows * p->ld; i++) {
        x[i] = i % p->ld < p->head_dim ? check_normal() * deviation : NAN;
    }
    return x;
}

static operands random_operands(const problem *p) {
    const float scale = 1 / sqrtf((float)p->head_dim);
    operands o = {
        .head = {p->keys, p->head_dim, scale, p->causal,
                 p->bias == NO_BIAS ? NULL : random_bias(p)},
        .q = random_rows(p, p->queries, p->spread),
        .k = random_rows(p, p->keys, 1),
        .v = random_rows(p, p->keys, 1),
        .packed_keys = check_output(ck_attention_packed_keys(p->keys, p->head_dim) * 4, 0),
        .packed_values = check_output(ck_attention_packed_values(p->keys, p->head_dim) * 4, 0),
        .scratch = check_output(ck_attention_scratch(p->head_dim) * 4, 0),
    };
    ck_attention_pack(p->keys, p->head_dim, o.k, p->ld, o.v, p->ld, o.packed_keys, o.packed_values);
    return o;
}

/// Queries [first, first + count) into their place of `out`.
static void attend(const problem *p, const operands *o, size_t first, size_t count, float *out) {
    ck_attention_f32(o->head, first, count, o->q + first * p->ld, p->ld, o->packed_keys,
                     o->packed_values, out + first * p->ld, p->ld, o->scratch);
}

static void attend_all(const problem *p, const operands *o, float *out) {
    for (size_t first = 0; first < p->queries; first += CK_ATTENTION_QUERIES) {
        const size_t left = p->queries - first;
        attend(p, o, first, left < CK_ATTENTION_QUERIES ? left : CK_ATTENTION_QUERIES, out);
    }
}

/// Row i by the definition. Returns max over keys of Σ |q·k| · scale, which scales the scores'
/// error.
static double exact_row(const problem *p, const operands *o, size_t i, double *weights,
                        double *out) {
    double largest = -INFINITY, magnitude = 0, total = 0;
    const size_t keys = p->causal && i + 1 < p->keys ? i + 1 : p->keys;
    for (size_t j = 0; j < keys; j++) {
        double score = 0, sum = 0;
        for (size_t d = 0; d < p->head_dim; d++) {
            const double product = (double)o->q[i * p->ld + d] * o->k[j * p->ld + d];
            score += product;
            sum += fabs(product);
        }
        weights[j] = score * o->head.scale + (o->head.key_bias ? o->head.key_bias[j] : 0);
        magnitude = fmax(magnitude, sum * o->head.scale + 4);
        largest = fmax(largest, weights[j]);
    }
    memset(out, 0, p->head_dim * sizeof *out);
    for (size_t j = 0; j < keys && largest > -INFINITY; j++) {
        const double weight = exp(weights[j] - largest);
        total += weight;
        for (size_t d = 0; d < p->head_dim; d++) {
            out[d] += weight * o->v[j * p->ld + d];
        }
    }
    for (size_t d = 0; d < p->head_dim && total > 0; d++) {
        out[d] /= total;
    }
    return magnitude;
}

/// The scores err by a few roundings of `magnitude`, the rest by a few of 1; |v| is below 4.3 here.
static void compare_with_definition(const problem *p, const operands *o, const float *out) {
    double *weights = check_input(p->keys * sizeof *weights, 0);
    double *exact = check_input(p->head_dim * sizeof *exact, 0);
    for (size_t i = 0; i < p->queries; i++) {
        const double magnitude = exact_row(p, o, i, weights, exact);
        const double bound = 4.3 * 0x1p-23 * (8 + 4 * magnitude);
        for (size_t d = 0; d < p->head_dim; d++) {
            if (!check_value("out", i * p->ld + d, exact[d], out[i * p->ld + d], bound)) {
                return;
            }
        }
    }
}

/// Any other split into tiles gives the same bytes.
static void compare_splits(const problem *p, const operands *o, const float *out) {
    const size_t count = p->queries * p->ld;
    float *split = check_output(count * 4, p->offset * 4);
    for (size_t first = 0, size; first < p->queries; first += size) {
        const size_t left = p->queries - first;
        size = 1 + check_below(CK_ATTENTION_QUERIES);
        size = size < left ? size : left;
        attend(p, o, first, size, split);
    }
    check_same("out of another split", count, 4, out, split);
}

static void check_problem(const problem *p) {
    if (!check_case("attention",
                    "queries=%zu keys=%zu head_dim=%zu ld=%zu offset=%zu causal=%d bias=%d "
                    "spread=%g",
                    p->queries, p->keys, p->head_dim, p->ld, p->offset, p->causal, (int)p->bias,
                    (double)p->spread)) {
        return;
    }
    const operands o = random_operands(p);
    float *out = check_output(p->queries * p->ld * 4, p->offset * 4);
    attend_all(p, &o, out);
    if (p->queries * p->keys <= 1 << 17) {
        compare_with_definition(p, &o, out);
        compare_splits(p, &o, out);
    }
    const double flops = 4.0 * (double)(p->queries * p->keys * p->head_dim);
    for (check_bench bench = check_bench_begin(flops, CHECK_F32); check_bench_next(&bench);) {
        attend_all(p, &o, out);
    }
}

/// A query whose every score is NaN gives NaN, and no other row hears of it.
static void check_nan_query(void) {
    if (!check_case("attention_nan", "queries=7")) {
        return;
    }
    const problem p = {7, 40, 24, 24, 0, false, NO_BIAS, 1};
    const operands o = random_operands(&p);
    float *clean = check_output(p.queries * p.ld * 4, 0),
          *out = check_output(p.queries * p.ld * 4, 0);
    attend_all(&p, &o, clean);
    float *q = check_input(p.queries * p.ld * 4, 0);
    memcpy(q, o.q, p.queries * p.ld * 4);
    q[3 * p.ld + 5] = NAN;
    operands spoiled = o;
    spoiled.q = q;
    attend_all(&p, &spoiled, out);
    for (size_t d = 0; d < p.head_dim; d++) {
        check_value("out", d, NAN, out[3 * p.ld + d], 0);
        clean[3 * p.ld + d] = out[3 * p.ld + d];
    }
    check_same("out", p.queries * p.ld, 4, clean, out);
}

static void check_sizes(void) {
    static const size_t dims[] = {1,  2,  3,  7,  8,  9,  15, 16, 17, 23, 24,
                                  25, 31, 32, 33, 40, 63, 64, 65, 80, 160};
    static const size_t keys[] = {1, 2, 15, 16, 17, 77, 127, 128, 129, 144, 255, 257};
    static const size_t queries[16] = {1, 2, 5, 6, 7, 11, 12, 13, 18, 59, 60, 61, 63, 64, 65, 130};
    static const float spreads[] = {1, 0, 30, 1e-20f};
    uint32_t mix = 1; // What is not walked through is drawn, the same in every run.
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            mix = mix * 1664525 + 1013904223;
            const problem p = {
                queries[mix >> 8 & 15], keys[k],       dims[d],       dims[d] + (mix >> 12 & 3),
                mix >> 14 & 3,          mix >> 16 & 1, mix >> 17 & 3, spreads[mix >> 19 & 3]};
            check_problem(&p);
        }
    }
}

void check_attention(void) {
    static const size_t dims[] = {40, 64, 80, 160, 512};
    check_sizes();
    check_problem(&(problem){77, 77, 64, 64, 0, true, NO_BIAS, 1});
    check_problem(&(problem){3, 300, 512, 512, 0, false, NO_BIAS, 1});
    check_problem(&(problem){200, 200, 24, 24, 0, true, SOME_BIAS, 1});
    check_nan_query();
    for (size_t i = 0; i < 5 && check_benchmarking(); i++) {
        const problem p = {CK_ATTENTION_QUERIES, 4096, dims[i], dims[i], 0, false, NO_BIAS, 1};
        check_problem(&p);
    }
}
