internal import WeightStore

/// Refuses work that cannot be done in the memory there is, before it is begun: the system would
/// end the process in the midst of it without a word.
func requireMemory(floats: Int, for what: String) throws(PipelineError) {
    let (needed, overflow) = floats.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
    guard let available = availableMemory() else { return }
    guard !overflow, needed <= available else {
        throw .outOfMemory(
            what: what, neededBytes: overflow ? .max : needed, availableBytes: available)
    }
}

/// Bytes that the process could still come by: of the machine, of its control group, of its address
/// space, whichever has least; nil where the system does not say.
private func availableMemory() -> Int? {
    [machineMemory(), groupMemory(), addressSpace()].compactMap(\.self).min().map { max($0, 0) }
}

private func machineMemory() -> Int? {
    guard let text = systemText("/proc/meminfo"),
        let available = number(after: "MemAvailable", in: text)
    else { return nil }
    return (available + (number(after: "SwapFree", in: text) ?? 0)) * 1024
}

/// What the control group (version 2) leaves; its file cache does not count, since that can go.
private func groupMemory() -> Int? {
    let groups = systemText("/proc/self/cgroup") ?? ""
    guard let line = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else {
        return nil
    }
    let folder = "/sys/fs/cgroup" + line.dropFirst(3)
    let text = systemText(folder + "/memory.max") ?? ""
    guard let limit = Int(text.prefix { $0 != "\n" }),
        let used = systemText(folder + "/memory.stat").flatMap({ number(after: "anon", in: $0) })
    else { return nil }
    return limit - used
}

private func addressSpace() -> Int? {
    guard let limits = systemText("/proc/self/limits"),
        let limit = number(after: "Max address space", in: limits),
        let status = systemText("/proc/self/status"), let used = number(after: "VmSize", in: status)
    else { return nil }
    return limit - used * 1024
}
