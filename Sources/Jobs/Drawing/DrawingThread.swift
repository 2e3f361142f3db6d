#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Runs `body` on a thread of its own that gives way to those that answer requests, and returns when
/// it has ended.
///
/// The pools of Swift and Dispatch are no place for work of minutes.
func onDrawingThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let errand = Unmanaged.passRetained(
            Errand {
                giveWay()
                body()
                continuation.resume()
            })
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { threadMain($0) }, errand.toOpaque())
        guard status == 0 else {
            // Where there are no more threads, the caller's does it.
            errand.takeRetainedValue().body()
            return
        }
        pthread_detach(thread)
    }
}

private final class Errand: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<Errand>.fromOpaque(context).takeRetainedValue().body()
    return nil
}

/// Linux keeps niceness per thread, whatever POSIX says. Refusal does no harm.
private func giveWay() {
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
}
