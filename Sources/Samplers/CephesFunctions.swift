// Logarithm, sine and cosine in single precision, rounding for rounding as torch's vector code
// computes them, so that its noise can be repeated bit for bit on any machine. A fused operation
// here is where that code, as it is published for x86, fuses.

/// The natural logarithm of a positive normal number, error about 1 ulp.
///
/// x = 2ᵉ · (1 + f) with √½ ≤ 1 + f < √2, then a polynomial of degree 8 in f.
/// - Source: Cephes `logf` (Moshier), as in torch's `log256_ps`; special values are not handled.
func cephesLogarithm(_ x: Float) -> Float {
    let fractionBits = (x.bitPattern & 0x007f_ffff) | 0x3f00_0000
    var f = Float(bitPattern: fractionBits)
    var e = Float(Int32(x.bitPattern >> 23) - 126)
    if f < 0.707_106_781_186_547_524 {
        e -= 1
        f = (f - 1) + f
    } else {
        f -= 1
    }
    let z = f * f
    var y: Float = 7.0376836292e-2
    y = Float(-1.1514610310e-1).addingProduct(y, f)
    y = Float(1.1676998740e-1).addingProduct(y, f)
    y = Float(-1.2420140846e-1).addingProduct(y, f)
    y = Float(1.4249322787e-1).addingProduct(y, f)
    y = Float(-1.6668057665e-1).addingProduct(y, f)
    y = Float(2.0000714765e-1).addingProduct(y, f)
    y = Float(-2.4999993993e-1).addingProduct(y, f)
    y = Float(3.3333331174e-1).addingProduct(y, f)
    y *= f
    // ln 2 in two parts: 0.693359375 is exact in float, the rest is the small negative one.
    y = (e * -2.12194440e-4).addingProduct(y, z)
    y = y.addingProduct(-z, 0.5)
    return (f + y).addingProduct(e, 0.693359375)
}

/// Sine and cosine of a number between 0 and 8192 (radians), error about 1 ulp.
///
/// The argument is reduced to ±π/4 by an octant count and a three-part π/4.
/// - Source: Cephes `sinf` and `cosf` (Moshier), as in torch's `sincos256_ps`.
func cephesSineCosine(_ x: Float) -> (sine: Float, cosine: Float) {
    let octant = (Int32(x * 1.27323954473516) + 1) & ~1
    let count = Float(octant)
    var r = x.addingProduct(count, -0.78515625)
    r = r.addingProduct(count, -2.4187564849853515625e-4)
    r = r.addingProduct(count, -3.77489497744594108e-8)
    let z = r * r

    var c: Float = 2.443315711809948e-5
    c = Float(-1.388731625493765e-3).addingProduct(c, z)
    c = Float(4.166664568298827e-2).addingProduct(c, z)
    c *= z
    c = (-(z * 0.5)).addingProduct(c, z) + 1

    var s: Float = -1.9515295891e-4
    s = Float(8.3321608736e-3).addingProduct(s, z)
    s = Float(-1.6666654611e-1).addingProduct(s, z)
    s *= z
    s = r.addingProduct(s, r)

    let swapped = octant & 2 != 0
    let sine = swapped ? c : s
    let cosine = swapped ? s : c
    return (
        octant & 4 != 0 ? -sine : sine,
        (octant &- 2) & 4 == 0 ? -cosine : cosine
    )
}
