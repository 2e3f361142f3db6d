/// 2ˣ, eˣ and what stands on them, in the words of the rung's vector header, which comes first.
///
/// Measured against double over every float of the range, with AVX2: `exp2_of_negative` within 0.8
/// ulp, `exp_of_negative` within 1.01, `normal_tail` within 4.8 down to −6 and 8.2 beyond; erf
/// through it (1 − 2 tail) within 2.4e-7.
#ifndef CK_EXPONENTIAL_H
#define CK_EXPONENTIAL_H

/// Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits.
static const float rounder = 0x1.8p23f;

/// 2ᶠ · 2ⁿ for |f| ≤ ½ and n in the low bits of `biased`.
/// Minimax polynomial (2ᶠ − 1)/f of degree 5: relative error 0.05 · 2⁻²⁴ before rounding.
static inline f32v exp2_of_parts(f32v f, f32v biased) {
    f32v p = f32v_all(0x1.416b50p-13f);
    p = f32v_fma(p, f, f32v_all(0x1.5f082ep-10f));
    p = f32v_fma(p, f, f32v_all(0x1.3b2de0p-7f));
    p = f32v_fma(p, f, f32v_all(0x1.c6af7cp-5f));
    p = f32v_fma(p, f, f32v_all(0x1.ebfbdcp-3f));
    p = f32v_fma(p, f, f32v_all(0x1.62e430p-1f));
    p = f32v_fma(p, f, f32v_all(1));
    return f32v_times_power(p, biased);
}

/// 2ˣ for x ≤ 0. Below 2⁻¹²⁶ it may be 0; −∞ gives 0, NaN gives NaN.
static inline f32v exp2_of_negative(f32v x) {
    x = f32v_at_least(-127, x);
    const f32v biased = f32v_add(x, f32v_all(rounder));
    return exp2_of_parts(f32v_sub(x, f32v_sub(biased, f32v_all(rounder))), biased);
}

/// eˣ for x ≤ 0. Below 2⁻¹²⁶ it may be 0; −∞ gives 0, NaN gives NaN.
/// x · log₂e is reduced exactly: log₂e stands in two parts, and the product with the first is
/// fused.
static inline f32v exp_of_negative(f32v x) {
    const f32v high = f32v_all(0x1.715476p+0f), low = f32v_all(0x1.4ae0c0p-26f);
    x = f32v_at_least(-88.02f, x);
    const f32v biased = f32v_fma(x, high, f32v_all(rounder));
    const f32v whole = f32v_sub(biased, f32v_all(rounder));
    const f32v f = f32v_fma(x, low, f32v_fma(x, high, f32v_sub(f32v_all(0), whole)));
    return exp2_of_parts(f, biased);
}

/// x / (1 + e⁻ᵘ), by e^−|u|, which cannot overflow.
static inline f32v times_logistic(f32v x, f32v u) {
    const f32v e = exp_of_negative(f32v_minus_abs(u));
    const f32v top = f32v_by_sign(u, e, f32v_all(1));
    return f32v_mul(x, f32v_div(top, f32v_add(f32v_all(1), e)));
}

static inline f32v silu_of(f32v x) {
    return times_logistic(x, x);
}

/// Φ(x) = ½ erfc(−x/√2) = e^(−x²/2) · P((|x| − 2) / (|x| + 3)) for −15 ≤ x ≤ 0, with small relative
/// error however far out the tail is. The fraction is zero in the middle of the range, so that
/// rounding it costs little. P: minimax polynomial of Φ(−x) e^(x²/2) over 0 ≤ x ≤ 14.2, relative
/// error 0.77 · 2⁻²⁴ before rounding.
static inline f32v normal_tail(f32v x) {
    const f32v t = f32v_div(f32v_add(x, f32v_all(2)), f32v_sub(x, f32v_all(3)));
    f32v p = f32v_all(0x1.21468cp-12f);
    p = f32v_fma(p, t, f32v_all(0x1.585684p-14f));
    p = f32v_fma(p, t, f32v_all(-0x1.a3b56ap-10f));
    p = f32v_fma(p, t, f32v_all(-0x1.451560p-10f));
    p = f32v_fma(p, t, f32v_all(0x1.327bf6p-7f));
    p = f32v_fma(p, t, f32v_all(0x1.74c952p-8f));
    p = f32v_fma(p, t, f32v_all(-0x1.609fbep-4f));
    p = f32v_fma(p, t, f32v_all(0x1.c0c566p-3f));
    p = f32v_fma(p, t, f32v_all(-0x1.413850p-2f));
    p = f32v_fma(p, t, f32v_all(0x1.5845dcp-3f));
    // −x²/2 in two parts: e^(h + l) = e^h · (1 + l) for the rounding error l of h.
    const f32v minus_half = f32v_mul(x, f32v_all(-0.5f));
    const f32v h = f32v_mul(minus_half, x);
    const f32v l = f32v_fma(minus_half, x, f32v_sub(f32v_all(0), h));
    const f32v e = exp_of_negative(h);
    return f32v_mul(f32v_fma(e, l, e), p);
}

/// x · Φ(x), which is x − |x| · Φ(−|x|) for positive x.
static inline f32v gelu_of(f32v x) {
    const f32v below = f32v_at_least(-15, f32v_minus_abs(x));
    const f32v tail = normal_tail(below);
    return f32v_by_sign(x, f32v_mul(x, tail), f32v_fma(below, tail, x));
}

#endif
