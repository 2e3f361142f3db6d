import Quantizer
import Testing
import WeightStore

@Suite struct ReportTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func report(_ type: WeightType, name: String? = nil) throws -> ConversionReport {
        let path = scratch.file("\(type)")
        return try Conversion.open(
            checkpoint("tiny-pai"), recipe: QuantizationRecipe(type: type),
            hints: .init(name: name)
        ).write(to: path)
    }

    /// Uniform rounding of normal weights to 255 levels costs about 42 dB; float16 about 73; the
    /// fixture's weights are float16, so that is lossless there.
    @Test func ratiosAreWhatTheTypesCost() throws {
        for tensor in try report(.int8).tensors {
            if tensor.type == .int8 {
                #expect((40...60).contains(tensor.signalToNoise), "\(tensor.name)")
            } else {
                #expect(tensor.signalToNoise == .infinity, "\(tensor.name)")
            }
        }
        #expect(try report(.f32).tensors.allSatisfy { $0.signalToNoise == .infinity })
        let path = scratch.file("synthetic")
        let recipe = QuantizationRecipe(type: .f16)
        let synthetic = try Conversion.synthetic(.tiny, seed: 3, recipe: recipe).write(to: path)
        for tensor in synthetic.tensors where tensor.type == .f16 {
            #expect((70...90).contains(tensor.signalToNoise), "\(tensor.name)")
        }
    }

    @Test func theTextNamesStagesAndTheWorstTensors() throws {
        let report = try report(.int8)
        let lines = report.text().split(separator: "\n")
        #expect(lines[1].hasPrefix("text_encoder       52     1.4 MB"))
        #expect(lines[2].hasPrefix("unet              440     3.3 MB"))
        #expect(lines.filter { $0.contains(" dB  int8  ") }.count == 10)
        let worst = try #require(report.tensors.min { $0.signalToNoise < $1.signalToNoise })
        #expect(lines[6].hasSuffix(" \(worst.stage).\(worst.name)"))
    }

    @Test func thePageHasEveryTensorAndNothingFromOutside() throws {
        let report = try report(.int8, name: "<script>\"&")
        let page = report.html()
        for tensor in report.tensors {
            #expect(page.contains(">\(tensor.stage).\(tensor.name)<"))
        }
        #expect(page.contains("&lt;script&gt;&quot;&amp;"))
        #expect(!page.contains("<script"))
        #expect(!page.contains("http"))
        let dots = page.split(separator: "<circle").count - 1
        #expect(dots == report.tensors.filter { $0.signalToNoise.isFinite }.count)
    }

    @Test func bytesAfterAreThoseOfTheFile() throws {
        let report = try report(.int8)
        let bundle = try Bundle.open(scratch.file("int8"))
        for stage in ["text_encoder", "unet", "vae"] {
            let sum = report.tensors.filter { $0.stage == stage }.reduce(0) { $0 + $1.bytesAfter }
            let stored = try bundle.weights(stage).tensors.reduce(0) { $0 + $1.range.count }
            #expect(sum == stored)
        }
    }
}
