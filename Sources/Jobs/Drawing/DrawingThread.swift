#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Runs `body` on a thread of its own that gives way to those that answer requests, and returns when
/// it has ended and nothing of it is held any more.
///
/// The pools of Swift and Dispatch are no place for work of minutes.
func onDrawingThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let errand = Unmanaged.passRetained(Errand(body: body, continuation: continuation))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { threadMain($0) }, errand.toOpaque())
        guard status == 0 else {
            // Where there are no more threads, the caller's does it.
            finish(errand)
            return
        }
        pthread_detach(thread)
    }
}

private final class Errand: Sendable {
    let body: @Sendable () -> Void
    let continuation: CheckedContinuation<Void, Never>

    init(body: @escaping @Sendable () -> Void, continuation: CheckedContinuation<Void, Never>) {
        self.body = body
        self.continuation = continuation
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    giveWay()
    finish(Unmanaged.fromOpaque(context))
    return nil
}

private func finish(_ errand: Unmanaged<Errand>) {
    let continuation = run(errand.takeRetainedValue())
    continuation.resume()
}

private func run(_ errand: consuming Errand) -> CheckedContinuation<Void, Never> {
    errand.body()
    return errand.continuation
}

/// Linux keeps niceness per thread, whatever POSIX says. Refusal does no harm.
private func giveWay() {
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
}
