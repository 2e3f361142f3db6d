#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A regular file mapped read-only: opening costs no reading, clean pages go back under pressure.
///
/// A file that shrinks while mapped kills the process by SIGBUS, as with any mapping; bundles are
/// replaced by renaming, never rewritten in place.
package final class MappedFile: Sendable {
    /// The path it was opened by.
    package let path: String
    /// The size in bytes; may be 0.
    package let count: Int
    // The mapping is immutable and unmapped only in deinit, so sharing its address is safe.
    nonisolated(unsafe) private let base: UnsafeRawPointer?
    private let descriptor: Descriptor

    /// Bytes of a page.
    package static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Maps the file at `path`. Throws for anything but a readable regular file.
    package init(path: String) throws(WeightError) {
        let file = try Descriptor.reading(path)
        let count = try file.byteCount()
        var base: UnsafeRawPointer?
        if count > 0 {
            let address = mmap(nil, count, PROT_READ, MAP_SHARED, file.number, 0)
            guard let address, address != MAP_FAILED else {
                throw .system(path: path, action: "map", code: errno)
            }
            base = UnsafeRawPointer(address)
        }
        self.path = path
        self.count = count
        self.base = base
        descriptor = file
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }

    /// The content; valid while this object lives.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }

    /// Asks for the pages of `range` ahead of their use; does not wait.
    package func adviseWillNeed(_ range: Range<Int>) {
        let wanted = range.clamped(to: 0..<count)
        advise(wanted.lowerBound / Self.pageSize * Self.pageSize, wanted.upperBound, MADV_WILLNEED)
    }

    /// Reads the pages of `range` and maps them; returns when they are there.
    ///
    /// Kernels before Linux 5.14 only read them: each page's first use maps it then.
    package func load(_ range: Range<Int>) {
        let wanted = range.clamped(to: 0..<count)
        for start in stride(from: wanted.lowerBound, to: wanted.upperBound, by: Self.askedAtOnce) {
            let count = min(Self.askedAtOnce, wanted.upperBound - start)
            _ = posix_fadvise(descriptor.number, off_t(start), off_t(count), POSIX_FADV_WILLNEED)
        }
        advise(
            wanted.lowerBound / Self.pageSize * Self.pageSize, wanted.upperBound,
            Self.populateRead)
    }

    // Linux reads no more for one request than the disk's read-ahead, which is this much at the least.
    private static let askedAtOnce = 128 << 10
    // MADV_POPULATE_READ, which older libraries' headers lack.
    private static let populateRead: Int32 = 22

    /// Says that the pages wholly inside `range` are not needed for now. They can be read again at
    /// the price of a page fault.
    package func adviseDontNeed(_ range: Range<Int>) {
        let unwanted = pages(within: range)
        advise(unwanted.lowerBound, unwanted.upperBound, MADV_DONTNEED)
    }

    /// Takes the pages wholly inside `range` out of the process and, unless another one has them
    /// mapped, out of the system's file cache.
    package func uncache(_ range: Range<Int>) {
        adviseDontNeed(range)
        let unwanted = pages(within: range)
        _ = posix_fadvise(
            descriptor.number, off_t(unwanted.lowerBound), off_t(unwanted.count),
            POSIX_FADV_DONTNEED)
    }

    /// The pages wholly inside `range`. The file's last page may be partial: it ends where the mapping ends.
    package func pages(within range: Range<Int>) -> Range<Int> {
        let range = range.clamped(to: 0..<count)
        let start = (range.lowerBound + Self.pageSize - 1) / Self.pageSize * Self.pageSize
        let end =
            range.upperBound == count ? count : range.upperBound / Self.pageSize * Self.pageSize
        return min(start, end)..<end
    }

    /// Says that the file will be read from front to back.
    package func adviseSequential() {
        advise(0, count, MADV_SEQUENTIAL)
    }

    /// Says that nothing is known of what is read next: a page's first use reads that page alone.
    package func adviseRandom() {
        advise(0, count, MADV_RANDOM)
    }

    // Advice may be refused without harm, so the result is dropped.
    private func advise(_ start: Int, _ end: Int, _ advice: Int32) {
        guard let base, start < end else { return }
        _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, advice)
    }
}
