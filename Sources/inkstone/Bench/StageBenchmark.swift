import Tensors
import Terminal
import WeightStore

/// Runs stages and takes their time.
struct StageBenchmark {
    /// Runs of each stage.
    let runs: Int
    let executor: Executor

    /// Runs a stage as often as is asked for, one run after the other.
    func measure(_ work: StageWork) throws -> StageTiming {
        var seconds: [Double] = []
        let (load, memory) = try measuringMemory {
            let (run, load) = try timed { try work.prepare() }
            for _ in 0..<runs { seconds.append(try timed(run).seconds) }
            return load
        }
        executor.workspace.trim()
        return StageTiming(
            stage: work.stage.rawValue, input: work.input, weights: work.weights,
            loadSeconds: load, seconds: seconds, multiplyAdds: try work.multiplyAdds(),
            memory: memory)
    }

    /// Says `ready` when a stage could run, then runs it once for each line of standard input and
    /// prints the seconds: so it can take turns with other programs.
    func serve(_ work: StageWork) throws {
        let run = try work.prepare()
        try StandardOutput.write("ready\n")
        while readLine() != nil {
            let seconds = try timed(run).seconds
            try StandardOutput.write(fixed(seconds, decimals: 6) + "\n")
        }
    }

    private func timed<Value>(
        _ body: () throws -> Value
    ) rethrows -> (value: Value, seconds: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        let value = try body()
        return (value, (clock.now - start).inSeconds)
    }
}
