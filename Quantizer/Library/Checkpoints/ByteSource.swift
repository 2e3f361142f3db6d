import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Random access to the bytes of a checkpoint file.
///
/// It reads with `pread` and maps nothing: what is read is all that is held, whatever the size of the
/// file, and a file that shrinks meanwhile is an error instead of a signal.
package final class ByteSource {
    /// Where the bytes come from, for messages.
    package let path: String
    /// How many bytes there are.
    package let count: Int
    private let descriptor: Int32
    private let bytes: [UInt8]

    /// Opens a regular file. Throws when it cannot be opened or is something else.
    package init(path: String) throws(QuantizerError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .file(.system(path: path, action: "open", code: errno))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .file(.system(path: path, action: "inspect", code: code))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unsupported(path: path, what: "not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        count = Int(status.st_size)
        bytes = []
    }

    /// Bytes that are in memory already. `name` stands in messages.
    package init(bytes: [UInt8], name: String) {
        path = name
        self.bytes = bytes
        count = bytes.count
        descriptor = -1
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The `count` bytes from `offset` on. Throws when they are not all there.
    package func read(at offset: Int, count: Int) throws(QuantizerError) -> [UInt8] {
        try check(offset: offset, count: count)
        var result = [UInt8](repeating: 0, count: count)
        try read(at: offset, into: &result)
        return result
    }

    /// Fills `elements` with the bytes from `offset` on, in the machine's (little-endian) order.
    /// `Element` is a plain number type. Throws when the bytes are not all there.
    package func read<Element: BitwiseCopyable>(
        at offset: Int, into elements: inout [Element]
    ) throws(QuantizerError) {
        try check(offset: offset, count: elements.count * MemoryLayout<Element>.stride)
        let code = elements.withUnsafeMutableBytes { target -> Int32 in
            fill(target, at: offset)
        }
        guard code == 0 else {
            throw code == -1
                ? .malformed(path: path, what: "it ended while it was being read")
                : .file(.system(path: path, action: "read", code: code))
        }
    }

    private func check(offset: Int, count: Int) throws(QuantizerError) {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
            throw .malformed(
                path: path,
                what: "\(count) bytes wanted at offset \(offset), the file has \(self.count)")
        }
    }

    /// 0 when `target` is full, −1 at the end of the file, an `errno` value otherwise.
    private func fill(_ target: UnsafeMutableRawBufferPointer, at offset: Int) -> Int32 {
        guard descriptor >= 0 else {
            bytes.withUnsafeBytes { all in
                target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: all[offset..<offset + target.count]))
            }
            return 0
        }
        var done = 0
        while done < target.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
            let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if got < 0 {
                if errno == EINTR { continue }
                return errno
            }
            if got == 0 { return -1 }
            done += got
        }
        return 0
    }
}

/// Little-endian integers out of bytes that were read; `nil` past the end.
struct LittleEndian {
    let bytes: [UInt8]

    func integer<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) -> T? {
        let width = MemoryLayout<T>.size
        guard offset >= 0, offset <= bytes.count, width <= bytes.count - offset else { return nil }
        var value: T = 0
        for index in (0..<width).reversed() {
            value = (value << 8) | T(truncatingIfNeeded: bytes[offset + index])
        }
        return value
    }

    func text(at offset: Int, count: Int) -> String? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            return nil
        }
        return String(validating: bytes[offset..<offset + count], as: UTF8.self)
    }
}
