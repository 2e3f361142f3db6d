/// Attention in integers against its contract in double, on the reference rung too.
#include "kernel_check.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct problem {
    ck_activation precision;
    size_t queries, keys, head_dim, ld, offset;
    float spread; ///< Deviation of the queries: large ones leave one key to each query.
    float shift;  ///< What all keys have in common, which no query must see.
} problem;

typedef struct operands {
    ck_attention_int_head head;
    const float *q, *k, *v;
    void *packed, *scratch;
} operands;

/// Rows with a gap of NaN behind each.
static const float *random_rows(const problem *p, size_t rows, float deviation, float shift) {
    float *x = check_input(rows * p->ld * 4, p->offset * 4);
    for (size_t i = 0; i < rows * p->ld; i++) {
        x[i] = i % p->ld < p->head_dim ? check_normal() * deviation + shift : NAN;
    }
    return x;
}

static ck_attention_int_head head_of(const problem *p) {
    return (ck_attention_int_head){p->keys, p->head_dim, 1 / sqrtf((float)p->head_dim),
                                   p->precision};
}

static operands random_operands(const problem *p) {
    operands o = {
        .head = head_of(p),
        .q = random_rows(p, p->queries, p->spread, 0),
        .k = random_rows(p, p->keys, 1, p->shift),
        .v = random_rows(p, p->keys, 1, 0),
        .packed = check_output(ck_attention_int_packed_bytes(head_of(p)), 0),
        .scratch = check_output(ck_attention_int_scratch_bytes(head_of(p)), 0),
    };
    ck_attention_int_pack(o.head, o.k, p->ld, o.v, p->ld, o.packed);
    return o;
}

/// Queries [first, first + count) into their place of `out`.
static void attend(const problem *p, const operands *o, size_t first, size_t count, float *out) {
    ck_attention_int(o->head, count, o->q + first * p->ld, p->ld, o->packed, out + first * p->ld,
                     p->ld, o->scratch);
}

static void attend_all(const problem *p, const operands *o, float *out) {
    for (size_t first = 0; first < p->queries; first += CK_ATTENTION_INT_QUERIES) {
        const size_t left = p->queries - first;
        attend(p, o, first, left < CK_ATTENTION_INT_QUERIES ? left : CK_ATTENTION_INT_QUERIES, out);
    }
}

/// `count` numbers `stride` apart → integers within ±127 or ±2047, and their scale.
static float quantize(const problem *p, size_t count, const float *x, size_t stride,
                      float *integers) {
    const float most = p->precision == CK_ACTIVATION_Q8 ? 127 : 2047;
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmaxf(largest, fabsf(x[i * stride]));
    }
    const float inverse = largest < 0x1p-110f ? 0 : most / largest;
    for (size_t i = 0; i < count; i++) {
        integers[i * stride] = nearbyintf(x[i * stride] * inverse);
    }
    return largest < 0x1p-110f ? 0 : largest / most;
}

/// What the contract says is multiplied: integers and scales.
typedef struct rounded {
    float *keys, *key_scale, *values, *value_scale, *query;
} rounded;

static rounded round_operands(const problem *p, const operands *o) {
    const size_t count = p->keys * p->head_dim;
    const rounded r = {
        check_input(count * 4, 0),       check_input(p->keys * 4, 0),     check_input(count * 4, 0),
        check_input(p->head_dim * 4, 0), check_input(p->head_dim * 4, 0),
    };
    for (size_t d = 0; d < p->head_dim; d++) {
        float sum = 0;
        for (size_t j = 0; j < p->keys; j++) {
            sum += o->k[j * p->ld + d];
        }
        for (size_t j = 0; j < p->keys; j++) {
            r.keys[j * p->head_dim + d] = o->k[j * p->ld + d] - sum / (float)p->keys;
            r.values[j * p->head_dim + d] = o->v[j * p->ld + d];
        }
    }
    for (size_t j = 0; j < p->keys; j++) {
        float *row = r.keys + j * p->head_dim;
        r.key_scale[j] = quantize(p, p->head_dim, row, 1, row);
    }
    for (size_t d = 0; d < p->head_dim; d++) {
        r.value_scale[d] = quantize(p, p->keys, r.values + d, p->head_dim, r.values + d);
    }
    return r;
}

/// The row's scores in units of log₂. Returns the largest magnitude among them.
static double exact_scores(const problem *p, const operands *o, const rounded *r, size_t row,
                           double *scores) {
    const float scale = quantize(p, p->head_dim, o->q + row * p->ld, 1, r->query);
    double magnitude = 0;
    for (size_t j = 0; j < p->keys; j++) {
        double sum = 0;
        for (size_t d = 0; d < p->head_dim; d++) {
            sum += (double)r->query[d] * r->keys[j * p->head_dim + d];
        }
        scores[j] = sum * r->key_scale[j] * scale * o->head.scale * 0x1.71547652b82fep0;
        magnitude = fmax(magnitude, fabs(scores[j]));
    }
    return magnitude;
}

/// Scores → weights, relative to the largest of all. Returns what those may add up to that a
/// float32 score or power could round the other way; they are marked negative.
static double round_weights(const problem *p, double magnitude, double *scores, double *doubt) {
    const double most = p->precision == CK_ACTIVATION_Q8 ? 255 : 2047;
    double largest = -DBL_MAX, doubts = 0;
    for (size_t j = 0; j < p->keys; j++) {
        largest = fmax(largest, scores[j]);
    }
    for (size_t first = 0; first < p->keys; first += CK_ATTENTION_INT_BLOCK) {
        const size_t left = p->keys - first;
        const size_t end = first + (left < CK_ATTENTION_INT_BLOCK ? left : CK_ATTENTION_INT_BLOCK);
        double top = -DBL_MAX;
        for (size_t j = first; j < end; j++) {
            top = fmax(top, scores[j]);
        }
        for (size_t j = first; j < end; j++) {
            const double weight = most * exp2(scores[j] - top);
            const double margin = most * 0x1p-13 + weight * 0x1p-22 * 4 * magnitude;
            const double factor = exp2(top - largest);
            const bool doubtful = fabs(weight - floor(weight) - 0.5) < margin;
            scores[j] = rint(weight) * factor;
            doubt[j] = doubtful ? ceil(margin) * factor : 0;
            doubts += doubt[j];
        }
    }
    return doubts;
}

static void compare_with_definition(const problem *p, const operands *o, const float *out) {
    double *weights = check_input(p->keys * sizeof *weights, 0);
    double *doubt = check_input(p->keys * sizeof *doubt, 0);
    const rounded r = round_operands(p, o);
    for (size_t i = 0; i < p->queries; i++) {
        const double magnitude = exact_scores(p, o, &r, i, weights);
        const double doubts = round_weights(p, magnitude, weights, doubt);
        double total = 0;
        for (size_t j = 0; j < p->keys; j++) {
            total += weights[j];
        }
        for (size_t d = 0; d < p->head_dim; d++) {
            double sum = 0, largest = 0;
            for (size_t j = 0; j < p->keys; j++) {
                const double value = (double)r.values[j * p->head_dim + d] * r.value_scale[d];
                sum += weights[j] * value;
                largest = fmax(largest, fabs(value));
            }
            const double bound = largest * (2 * doubts / total + 0x1p-21 * (4 + 2 * magnitude));
            if (!check_value("out", i * p->ld + d, sum / total, out[i * p->ld + d], bound)) {
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
        size = 1 + check_below(CK_ATTENTION_INT_QUERIES);
        size = size < left ? size : left;
        attend(p, o, first, size, split);
    }
    check_same("out of another split", count, 4, out, split);
}

static void check_problem(const problem *p) {
    const bool bytes = p->precision == CK_ACTIVATION_Q8;
    if (!check_case(bytes ? "attention_q8" : "attention_q16",
                    "queries=%zu keys=%zu head_dim=%zu ld=%zu offset=%zu spread=%g shift=%g",
                    p->queries, p->keys, p->head_dim, p->ld, p->offset, (double)p->spread,
                    (double)p->shift)) {
        return;
    }
    const operands o = random_operands(p);
    float *out = check_output(p->queries * p->ld * 4, p->offset * 4);
    attend_all(p, &o, out);
    if (p->queries * p->keys <= 1 << 16) {
        compare_with_definition(p, &o, out);
        compare_splits(p, &o, out);
    }
    const double flops = 4.0 * (double)(p->queries * p->keys * p->head_dim);
    for (check_bench bench = check_bench_begin(flops, bytes ? CHECK_INT8 : CHECK_INT16);
         check_bench_next(&bench);) {
        attend_all(p, &o, out);
    }
}

static void check_precision(ck_activation precision) {
    static const size_t dims[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 24, 31, 32, 40, 63, 64, 80, 160};
    static const size_t keys[] = {1, 2, 3, 4, 7, 8, 9, 77, 127, 128, 129, 144, 255, 257};
    static const size_t queries[16] = {1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 95, 97, 7};
    static const float spreads[] = {1, 0, 30, 1e-20f};
    uint32_t mix = 1; // What is not walked through is drawn, the same in every run.
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            mix = mix * 1664525 + 1013904223;
            const problem p = {precision,
                               queries[mix >> 8 & 15],
                               keys[k],
                               dims[d],
                               dims[d] + (mix >> 12 & 3),
                               mix >> 14 & 3,
                               spreads[mix >> 19 & 3],
                               mix >> 16 & 1 ? 5.0f : 0};
            check_problem(&p);
        }
    }
    check_problem(&(problem){precision, 3, 300, 512, 512, 0, 1, 0});
    static const size_t wide[] = {40, 64, 80, 160, 512};
    for (size_t i = 0; i < 5 && check_benchmarking(); i++) {
        check_problem(
            &(problem){precision, 2 * CK_ATTENTION_INT_QUERIES, 4096, wide[i], wide[i], 0, 1, 0});
    }
}

void check_attention_int(void) {
    check_precision(CK_ACTIVATION_Q16);
    check_precision(CK_ACTIVATION_Q8);
}
