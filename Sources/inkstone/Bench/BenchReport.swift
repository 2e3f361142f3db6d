import Terminal
import WeightStore

/// The figures of `inkstone bench`, for people and for programs.
struct BenchReport {
    let model: String
    let machine: String
    let instructionSet: String
    let threads: Int
    /// 10⁹ float32 operations a second that the machine can do; nil where nobody knows.
    let ceiling: Double?
    let timings: [StageTiming]

    /// A table under a line that says what was measured on.
    var text: String {
        let header = [
            "stage", "weights", "input", "load s", "median s", "min-max s", "GMAC", "GFLOP/s",
            "of ceiling", "peak resident", "peak anonymous",
        ]
        let rows = timings.map { timing in
            let spread = [timing.seconds.min(), timing.seconds.max()].map { seconds($0 ?? 0) }
            return [
                timing.stage, timing.weights, timing.input, seconds(timing.loadSeconds),
                seconds(timing.median), spread.joined(separator: "-"),
                fixed(Double(timing.multiplyAdds) / 1e9, decimals: 2),
                fixed(timing.gigaflops, decimals: 1),
                share(timing).map { fixed(100 * $0, decimals: 0) + " %" } ?? "?",
                timing.memory.residentBytes.map { readable(bytes: $0) } ?? "?",
                timing.memory.anonymousBytes.map { readable(bytes: $0) } ?? "?",
            ]
        }
        let figures = table(header: header, rows: rows, alignRight: Set(3..<header.count))
        let limit = ceiling.map { "; float32 ceiling \(fixed($0, decimals: 1)) GFLOP/s" } ?? ""
        return "\(model) on \(machine), \(instructionSet), \(threads) threads\(limit)\n\n\(figures)"
    }

    /// The same as JSON, with each run's seconds.
    var json: JSONObject {
        [
            "model": .string(model),
            "processor": .string(machine),
            "instruction_set": .string(instructionSet),
            "threads": .integer(Int64(threads)),
            "float32_ceiling_gflops": ceiling.map { .number($0) } ?? .null,
            "stages": .array(
                timings.map { timing in
                    var json = timing.json
                    json["share_of_ceiling"] = share(timing).map { .number($0) } ?? .null
                    return .object(json)
                }),
        ]
    }

    /// How much of the machine's float32 ceiling a stage reaches.
    private func share(_ timing: StageTiming) -> Double? {
        ceiling.map { timing.gigaflops / $0 }
    }

    private func seconds(_ value: Double) -> String { fixed(value, decimals: 3) }
}

extension StageTiming {
    fileprivate var json: JSONObject {
        [
            "stage": .string(stage),
            "weights": .string(weights),
            "input": .string(input),
            "load_seconds": .number(loadSeconds),
            "seconds": .array(seconds.map { .number($0) }),
            "median_seconds": .number(median),
            "multiply_adds": .integer(Int64(multiplyAdds)),
            "gflops": .number(gigaflops),
            "peak_resident_bytes": memory.residentBytes.map { .integer(Int64($0)) } ?? .null,
            "peak_anonymous_bytes": memory.anonymousBytes.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}
