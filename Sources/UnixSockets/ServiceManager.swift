import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The service manager that started the daemon and wants to hear of it; says nothing where there
/// is none.
/// - Source: systemd, sd_notify(3).
package struct ServiceManager: Sendable {
    private let path: String?
    /// How often a sign of life is expected at least, in microseconds; nil for never.
    package let watchdog: UInt64?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    package init() {
        path = environmentVariable("NOTIFY_SOCKET").flatMap {
            $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil
        }
        let isOurs = environmentVariable("WATCHDOG_PID").map { Int32($0) == getpid() } ?? true
        watchdog = isOurs ? environmentVariable("WATCHDOG_USEC").flatMap { UInt64($0) } : nil
    }

    /// Sends lines such as `READY=1`.
    package func tell(_ lines: String...) {
        guard let path else { return }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            bytes.copyBytes(from: name)
            // "@" stands for the zero byte that abstract names begin with.
            if name.first == UInt8(ascii: "@") { bytes[0] = 0 }
        }
        let start = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2
        let size = socklen_t(start + name.count)
        let text = Array(lines.joined(separator: "\n").utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = text.withUnsafeBytes {
                    sendto(descriptor, $0.baseAddress, $0.count, 0, address, size)
                }
            }
        }
    }
}
