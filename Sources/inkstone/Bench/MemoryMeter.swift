import Dispatch
import Synchronization
import WeightStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The most memory that the process held while something ran, as the kernel counts it.
struct MemoryPeak {
    /// Resident bytes, mapped weights included; nil where the kernel does not say.
    let residentBytes: Int?
    /// Resident bytes that are no file's: activations, above all. Sampled every few milliseconds.
    let anonymousBytes: Int?
}

/// Watches the process's memory through /proc while `body` runs.
func measuringMemory<Value>(_ body: () throws -> Value) rethrows -> (Value, MemoryPeak) {
    // Forgets the peak so far; where that is not allowed, the samples' maximum stands for it.
    let canReset = writeText("5", to: "/proc/self/clear_refs")
    let peaks = SampledPeaks()
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "memory"))
    timer.schedule(deadline: .now(), repeating: .milliseconds(5))
    timer.setEventHandler { peaks.sample() }
    timer.resume()
    defer { timer.cancel() }
    let value = try body()
    peaks.sample()
    let resident = canReset ? statusBytes(["VmHWM"]).first : nil
    return (
        value,
        MemoryPeak(
            residentBytes: resident ?? peaks.residentBytes, anonymousBytes: peaks.anonymousBytes)
    )
}

private final class SampledPeaks: Sendable {
    private let resident = Atomic(0)
    private let anonymous = Atomic(0)

    var residentBytes: Int? { known(resident.load(ordering: .relaxed)) }
    var anonymousBytes: Int? { known(anonymous.load(ordering: .relaxed)) }

    func sample() {
        let bytes = statusBytes(["VmRSS", "RssAnon"])
        guard bytes.count == 2 else { return }
        resident.max(bytes[0], ordering: .relaxed)
        anonymous.max(bytes[1], ordering: .relaxed)
    }

    private func known(_ bytes: Int) -> Int? { bytes > 0 ? bytes : nil }
}

/// The values of these lines of /proc/self/status, in bytes; empty unless all are there.
private func statusBytes(_ keys: [String]) -> [Int] {
    let status = systemText("/proc/self/status") ?? ""
    let values = keys.compactMap { number(after: $0, in: status) }.map { $0 * 1024 }
    return values.count == keys.count ? values : []
}

/// The processor's name, as /proc/cpuinfo has it.
func processorName() -> String {
    let lines = (systemText("/proc/cpuinfo") ?? "").split(separator: "\n")
    for key in ["model name", "Model", "Hardware"] {
        if let line = lines.first(where: { $0.hasPrefix(key) }),
            let value = line.split(separator: ":", maxSplits: 1).dropFirst().first
        {
            return String(value.drop { $0 == " " })
        }
    }
    return "unknown"
}

private func writeText(_ text: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return (try? writeAll(Array(text.utf8), to: descriptor, name: path)) != nil
}
