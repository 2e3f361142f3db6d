#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// Set by the signal handler, read between tensors; a word of this type is written in one piece.
nonisolated(unsafe) private var interruptFlag: sig_atomic_t = 0

/// Whether somebody pressed Control-C or asked the process to end.
var isInterrupted: Bool { interruptFlag != 0 }

/// From here on SIGINT, SIGTERM and SIGHUP only set the flag, so that what is half written is removed.
/// A second one ends the process at once.
func catchInterrupts() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
        signal(number) { _ in
            if interruptFlag != 0 { _exit(130) }
            interruptFlag = 1
        }
    }
}
