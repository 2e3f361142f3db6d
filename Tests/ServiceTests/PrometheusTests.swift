import CoreMetrics
import Testing

@testable import Service

/// The text that Prometheus reads.
struct PrometheusTests {
    private let registry = PrometheusRegistry(help: ["requests_total": "Requests."])

    @Test func countersOfOneNameShareTheirHead() {
        registry.makeCounter(label: "requests_total", dimensions: [("status", "200")])
            .increment(by: 2)
        registry.makeCounter(label: "requests_total", dimensions: [("status", "404")])
            .increment(by: 1)
        registry.makeCounter(label: "requests_total", dimensions: [("status", "200")])
            .increment(by: 1)
        #expect(
            registry.text == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{status="200"} 3
                requests_total{status="404"} 1

                """)
    }

    @Test func gaugesFall() {
        let gauge = registry.makeMeter(label: "jobs", dimensions: [])
        gauge.set(Int64(5))
        gauge.decrement(by: 1.5)
        #expect(registry.text == "# TYPE jobs gauge\njobs 3.5\n")
    }

    @Test func bucketsOfAHistogramAddUp() {
        let timer = registry.makeTimer(label: "seconds", dimensions: [("route", "/")])
        for milliseconds in [1, 2, 300, 400_000] {
            timer.recordNanoseconds(Int64(milliseconds) * 1_000_000)
        }
        let lines = registry.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE seconds histogram")
        #expect(lines.contains(#"seconds_bucket{route="/",le="0.0005"} 0"#))
        #expect(lines.contains(#"seconds_bucket{route="/",le="0.001"} 1"#))
        #expect(lines.contains(#"seconds_bucket{route="/",le="0.0025"} 2"#))
        #expect(lines.contains(#"seconds_bucket{route="/",le="300"} 3"#))
        #expect(lines.contains(#"seconds_bucket{route="/",le="+Inf"} 4"#))
        #expect(lines.contains(#"seconds_count{route="/"} 4"#))
        #expect(lines.contains { $0.hasPrefix(#"seconds_sum{route="/"} 400.30"#) })
    }

    @Test func labelsAreEscaped() {
        registry.makeCounter(label: "a", dimensions: [("b", "c\"d\\e\nf")]).increment(by: 1)
        #expect(registry.text == "# TYPE a counter\na{b=\"c\\\"d\\\\e\\nf\"} 1\n")
    }
}
