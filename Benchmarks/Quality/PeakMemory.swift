#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The most memory that this process had resident, mapped weights included, as Linux counts it.
enum PeakMemory {
    /// Begins to count anew; false where the system does not let one.
    @discardableResult
    static func reset() -> Bool {
        guard let file = fopen("/proc/self/clear_refs", "w") else { return false }
        let written = fputs("5", file)
        return fclose(file) == 0 && written >= 0
    }

    /// Bytes at the peak since the last `reset`; nil where the system does not say.
    static var bytes: Int? {
        guard let file = fopen("/proc/self/status", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            var kibibytes = 0
            let count = withUnsafeMutablePointer(to: &kibibytes) { value in
                withVaList([value]) { vsscanf(line, "VmHWM: %ld", $0) }
            }
            if count == 1 { return kibibytes << 10 }
        }
        return nil
    }
}
