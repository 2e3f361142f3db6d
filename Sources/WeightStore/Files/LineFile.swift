#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file of lines that grows durably: a line that was appended is on the disk, and one that a power cut
/// tore is gone when the file is opened again.
package struct LineFile: ~Copyable {
    private let file: Descriptor

    /// Opens the file, made where it is missing, and hands over its lines.
    /// - Parameter limit: the most bytes accepted.
    package init(
        path: String, limit: Int = 1 << 30, each: (Substring) -> Void
    ) throws(WeightError) {
        let isNew = kindOfItem(at: path) == nil
        if !isNew {
            let bytes = try readFile(path, limit: limit)
            let whole = bytes.prefix((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
            String(decoding: whole, as: UTF8.self).split(separator: "\n").forEach(each)
            if whole.count < bytes.count {
                try systemCall("write", path) { truncate(path, off_t(whole.count)) }
            }
        }
        let file = try Descriptor(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o666, action: "open")
        try file.synchronize()
        if isNew { try synchronizeFolder(splitPath(path).folder) }
        self.file = file
    }

    /// Appends a line, which has no line break of its own.
    package func append(_ line: [UInt8]) throws(WeightError) {
        let bytes = line + [UInt8(ascii: "\n")]
        try bytes.withUnsafeBufferPointer { buffer throws(WeightError) in
            try file.write(UnsafeRawBufferPointer(buffer))
        }
        try file.synchronize()
    }
}
