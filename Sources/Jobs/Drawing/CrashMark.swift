internal import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Leaves an empty file behind when the process crashes in the midst of a job, so that the next one can
/// tell a job that crashes it from one that was merely cut short.
///
/// One job at a time is marked, the last begun of those of several queues. What kills without asking,
/// the system for want of memory among it, leaves no mark.
enum CrashMark {
    // The handler may neither allocate nor lock: it reads this pointer, which is set before it can run.
    // Whoever takes an address out frees it, so that queues that draw beside each other free each once.
    private static let address = Atomic<UInt>(0)

    private static func pointer(_ address: UInt) -> UnsafeMutablePointer<CChar>? {
        UnsafeMutablePointer(bitPattern: address)
    }

    /// From now on a crash makes the file `path`; nil: no more.
    static func set(_ path: String?) {
        let new = UInt(bitPattern: path.flatMap { strdup($0) })
        free(pointer(address.exchange(new, ordering: .acquiringAndReleasing)))
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP] {
            if path == nil { clear(signal) } else { install(signal) }
        }
    }

    private static func install(_ signal: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            if let path = CrashMark.pointer(CrashMark.address.load(ordering: .acquiring)) {
                close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
            }
            CrashMark.clear(number)
            raise(number)
        }
        sigaction(signal, &action, nil)
    }

    private static func clear(_ number: Int32) { signal(number, SIG_DFL) }
}
