package import CoreMetrics
import Synchronization

/// Keeps what swift-metrics is told, and writes it in Prometheus' text format.
///
/// Timers and aggregating recorders become histograms of seconds; labels of metrics must be valid
/// names of Prometheus already.
/// - Source: Prometheus, text-based exposition format 0.0.4.
package final class PrometheusRegistry: MetricsFactory {
    /// Metrics of one name.
    private struct Family {
        let kind: String
        /// By labels, in the order they came.
        var series: [(labels: [(String, String)], instrument: any PrometheusInstrument)] = []
    }

    private let families = Mutex<[String: Family]>([:])
    private let help: [String: String]

    /// - Parameter help: what each metric tells, by name.
    package init(help: [String: String]) {
        self.help = help
    }

    /// All metrics, sorted by name.
    package var text: String {
        families.withLock { families in
            var text = ""
            for (name, family) in families.sorted(by: { $0.key < $1.key }) {
                if let help = help[name] { text += "# HELP \(name) \(help)\n" }
                text += "# TYPE \(name) \(family.kind)\n"
                for (labels, instrument) in family.series {
                    text += instrument.lines(name: name, labels: labels)
                }
            }
            return text
        }
    }

    /// The instrument of this name and these labels, made where there is none.
    private func instrument<Instrument: PrometheusInstrument>(
        _ name: String, _ labels: [(String, String)], _ kind: String, _ make: () -> Instrument
    ) -> Instrument {
        families.withLock { families in
            var family = families[name] ?? Family(kind: kind)
            let known = family.series.first { series in
                series.labels.count == labels.count
                    && zip(series.labels, labels).allSatisfy { $0 == $1 }
            }
            if let known = known?.instrument as? Instrument { return known }
            let made = make()
            family.series.append((labels, made))
            families[name] = family
            return made
        }
    }

    // MARK: MetricsFactory

    package func makeCounter(
        label: String, dimensions: [(String, String)]
    ) -> any CounterHandler {
        instrument(label, dimensions, "counter", PrometheusCounter.init)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        instrument(label, dimensions, "counter", PrometheusCounter.init)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        instrument(label, dimensions, "gauge", PrometheusGauge.init)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? instrument(label, dimensions, "histogram", PrometheusHistogram.init)
            : instrument(label, dimensions, "gauge", PrometheusGauge.init)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        instrument(label, dimensions, "histogram", PrometheusHistogram.init)
    }

    // What was counted once is shown for as long as the daemon lives.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
