internal import Tensors
internal import WeightStore

/// Refuses work that takes more memory than there is, before it is begun: the system would end the
/// process in the midst of it without a word.
/// - Parameters:
///   - shape: what it is done with; its numbers also come as they stand in a file.
///   - work: is rehearsed with one image and with two; each image more takes as much again.
func requireMemory(
    for what: String, of shape: Shape, on executor: Executor, work: (Shape, Executor) -> Void
) throws(PipelineError) {
    func peak(images: Int) -> Int {
        let rehearsal = executor.rehearsal
        var shape = shape
        shape.images = images
        work(shape, rehearsal)
        return rehearsal.workspace.peakBytes
    }
    let one = peak(images: 1)
    let more = shape.images > 1 ? (shape.images - 1) * (peak(images: 2) - one) : 0
    let numbers = shape.count * MemoryLayout<Float>.size
    try requireMemory(bytes: one + more + numbers, for: "\(what) of \(shape)")
}

/// The same for a number of bytes that is known.
func requireMemory(bytes: Int, for what: String) throws(PipelineError) {
    let available = min(availableMemory() ?? .max, addressSpace() ?? .max)
    guard bytes <= available else {
        throw .outOfMemory(what: what, neededBytes: bytes, availableBytes: available)
    }
}

/// Bytes that the process could still come by: of the machine, of its control group, whichever has
/// less; nil where the system does not say.
func availableMemory() -> Int? {
    [machineMemory(), groupMemory()].compactMap(\.self).min().map { max($0, 0) }
}

private func machineMemory() -> Int? {
    guard let text = systemText("/proc/meminfo"),
        let available = number(after: "MemAvailable", in: text)
    else { return nil }
    return (available + (number(after: "SwapFree", in: text) ?? 0)) * 1024
}

/// What the control group leaves, of either version; its file cache does not count, since that can go.
private func groupMemory() -> Int? {
    let groups = (systemText("/proc/self/cgroup") ?? "").split(separator: "\n")
    func room(_ folder: String, limit: String, used: String) -> Int? {
        let text = systemText("\(folder)/\(limit)") ?? ""
        guard let limit = Int(text.prefix { $0 != "\n" }),
            let used = systemText(folder + "/memory.stat").flatMap({ number(after: used, in: $0) })
        else { return nil }
        return limit - used
    }
    for line in groups {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { continue }
        if parts[1] == "memory" {
            return room(
                "/sys/fs/cgroup/memory\(parts[2])", limit: "memory.limit_in_bytes",
                used: "total_rss")
        }
        let second = room("/sys/fs/cgroup\(parts[2])", limit: "memory.max", used: "anon")
        if parts[0] == "0", let second { return second }
    }
    return nil
}

/// Addresses that the process may still use; nil where there is no limit.
func addressSpace() -> Int? {
    guard let limits = systemText("/proc/self/limits"),
        let limit = number(after: "Max address space", in: limits),
        let status = systemText("/proc/self/status"), let used = number(after: "VmSize", in: status)
    else { return nil }
    return limit - used * 1024
}
