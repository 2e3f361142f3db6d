/// Appends the lower case of each scalar by itself: Σ becomes σ also at the end of a word.
func appendLowerCase(of text: some Sequence<TracedScalar>, to result: inout [TracedScalar]) {
    for traced in text {
        switch traced.scalar.value {
        case 0x41...0x5A:
            result.append(traced.replaced(by: Unicode.Scalar(UInt8(traced.scalar.value) + 0x20)))
        // Nothing here has case.
        case ..<0xC0, 0x2E80..<0xA640, 0xAC00..<0xFB00:
            result.append(traced)
        default:
            for scalar in traced.scalar.properties.lowercaseMapping.unicodeScalars {
                result.append(traced.replaced(by: scalar))
            }
        }
    }
}
