import CoreMetrics
import Synchronization

/// What a registry keeps.
protocol PrometheusInstrument: AnyObject, Sendable {
    /// Its values as lines of text.
    func lines(name: String, labels: [(String, String)]) -> String
}

/// A number that rises.
final class PrometheusCounter: CounterHandler, FloatingPointCounterHandler, PrometheusInstrument {
    private let value = Mutex(0.0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { value.withLock { $0 += max(amount, 0) } }
    func reset() { value.withLock { $0 = 0 } }

    func lines(name: String, labels: [(String, String)]) -> String {
        sample(name, labels, value.withLock { $0 })
    }
}

/// A number that rises and falls.
final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusInstrument {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    func lines(name: String, labels: [(String, String)]) -> String {
        sample(name, labels, value.withLock { $0 })
    }
}

/// How many values were up to each of some bounds, in seconds for times.
final class PrometheusHistogram: RecorderHandler, TimerHandler, PrometheusInstrument {
    private struct Counts {
        var buckets = [Int](repeating: 0, count: bounds.count)
        var count = 0
        var sum = 0.0
    }

    private static let bounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    private let counts = Mutex(Counts())

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        counts.withLock { counts in
            counts.count += 1
            counts.sum += value
            if let index = Self.bounds.firstIndex(where: { value <= $0 }) {
                counts.buckets[index] += 1
            }
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func lines(name: String, labels: [(String, String)]) -> String {
        let counts = counts.withLock { $0 }
        var text = ""
        var sum = 0
        for (bound, count) in zip(Self.bounds, counts.buckets) {
            sum += count
            text += sample("\(name)_bucket", labels + [("le", number(bound))], Double(sum))
        }
        text += sample("\(name)_bucket", labels + [("le", "+Inf")], Double(counts.count))
        text += sample("\(name)_sum", labels, counts.sum)
        return text + sample("\(name)_count", labels, Double(counts.count))
    }
}

/// One line.
private func sample(_ name: String, _ labels: [(String, String)], _ value: Double) -> String {
    let list = labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
    return "\(name)\(list.isEmpty ? "" : "{\(list)}") \(number(value))\n"
}

private func number(_ value: Double) -> String {
    Int64(exactly: value).map { String($0) } ?? String(value)
}

private func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch character {
        case "\\": result += "\\\\"
        case "\"": result += "\\\""
        case "\n": result += "\\n"
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}
