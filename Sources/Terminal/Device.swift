// What stands behind a file descriptor.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// True when `fd` is a terminal that understands cursor movement (`TERM` is set and not `dumb`).
package func isTerminal(_ fd: Int32) -> Bool {
    guard isatty(fd) == 1 else { return false }
    let kind = environment("TERM") ?? ""
    return !kind.isEmpty && kind != "dumb"
}

/// True unless the user's `NO_COLOR` is set to anything but the empty text.
/// - Source: no-color.org.
package var allowsColor: Bool {
    (environment("NO_COLOR") ?? "").isEmpty
}

/// The columns of the terminal behind `fd`; 80 where it does not say.
package func terminalWidth(_ fd: Int32) -> Int {
    var size = winsize()
    guard ioctl(fd, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
}

/// Writes all of `text`; what cannot be written is lost, since progress is no reason to fail.
func write(_ text: String, to fd: Int32) {
    var rest = ArraySlice(Array(text.utf8))
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

private func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
