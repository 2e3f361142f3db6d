#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes in this process's memory of all files whose paths begin with `prefix`, as the kernel counts
/// them in /proc/self/smaps; nil where it does not.
package func residentBytes(ofFilesAt prefix: String) -> Int? {
    guard let file = fopen("/proc/self/smaps", "re") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 8192)
    var isWanted = false
    var kibibytes = 0
    while fgets(&buffer, Int32(buffer.count), file) != nil {
        let line = buffer.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let words = line.split(separator: " ")
        if words.first?.contains("-") == true {
            isWanted = line.drop { $0 != "/" }.hasPrefix(prefix)
        } else if isWanted, words.count > 1, words[0] == "Rss:" {
            kibibytes += Int(words[1]) ?? 0
        }
    }
    return kibibytes << 10
}
