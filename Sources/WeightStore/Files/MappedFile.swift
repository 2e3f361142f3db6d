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
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let wanted = range.clamped(to: 0..<count)
        advise(wanted.lowerBound / page * page, wanted.upperBound, MADV_WILLNEED)
    }

    /// Says that the pages wholly inside `range` are not needed for now. They can be read again at
    /// the price of a page fault.
    package func adviseDontNeed(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let unwanted = range.clamped(to: 0..<count)
        // The file's last page may be partial: it ends where the mapping ends.
        let end = unwanted.upperBound == count ? count : unwanted.upperBound / page * page
        advise((unwanted.lowerBound + page - 1) / page * page, end, MADV_DONTNEED)
    }

    /// Says that the file will be read from front to back.
    package func adviseSequential() {
        advise(0, count, MADV_SEQUENTIAL)
    }

    // Advice may be refused without harm, so the result is dropped.
    private func advise(_ start: Int, _ end: Int, _ advice: Int32) {
        guard let base, start < end else { return }
        _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, advice)
    }
}
