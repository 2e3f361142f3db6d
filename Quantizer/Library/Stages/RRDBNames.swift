/// The name in BasicSR's RRDBNet of a tensor under any of the three published namings.
///
/// Some converted files have `conv_RRDB_trunk` where the published ones have `trunk_conv`.
/// - Source: xinntao/ESRGAN, `transer_RRDB_models.py` (2018 names to `RRDB_trunk`), and BasicSR,
///   `archs/rrdbnet_arch.py`.
func currentRRDBName(of name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let kind = parts.last else { return name }
    if parts[0] == "model" { return name2018(parts, kind) ?? name }
    if parts[0] == "RRDB_trunk", parts.count == 5, parts[2].hasPrefix("RDB") {
        return "body.\(parts[1]).rdb\(parts[2].dropFirst(3)).\(parts[3]).\(kind)"
    }
    let renamed = [
        "trunk_conv": "conv_body", "conv_RRDB_trunk": "conv_body", "upconv1": "conv_up1",
        "upconv2": "conv_up2",
        "HRconv": "conv_hr",
    ]
    guard parts.count == 2, let current = renamed[parts[0]] else { return name }
    return "\(current).\(kind)"
}

/// `model.0`, `model.1.sub.<block>.RDB<r>.conv<c>.0`, `model.1.sub.<blocks>`, `model.3` and so on.
private func name2018(_ parts: [String], _ kind: String) -> String? {
    if parts.count == 8, parts[1] == "1", parts[2] == "sub", parts[4].hasPrefix("RDB") {
        return "body.\(parts[3]).rdb\(parts[4].dropFirst(3)).\(parts[5]).\(kind)"
    }
    if parts.count == 5, parts[1] == "1", parts[2] == "sub" { return "conv_body.\(kind)" }
    guard parts.count == 3 else { return nil }
    let layers = [
        "0": "conv_first", "3": "conv_up1", "6": "conv_up2", "8": "conv_hr", "10": "conv_last",
    ]
    return layers[parts[1]].map { "\($0).\(kind)" }
}
