import Layers
import Models
import Pictures
import Tensors
import TestSupport
import WeightStore

/// What the float32 upscaler makes of a few pictures, to compare quantised ones with.
struct UpscalerComparison {
    private let name: String
    private let pictures: [Picture]
    private let enlarged: [[Float]]

    init(name: String, float32 bundle: String, pictures: [Picture], on executor: Executor) throws {
        self.name = name
        self.pictures = pictures
        enlarged = try enlarge(pictures, bundle: bundle, on: executor)
    }

    /// How close the upscaler in `bundle` comes.
    func quantity(of bundle: String, on executor: Executor) throws -> Quantity {
        let results = try enlarge(pictures, bundle: bundle, on: executor)
        return Quantity(
            name: name, measure: "PSNR", least: 40,
            values: zip(results, enlarged).map { peakSignalToNoise($0, $1) })
    }
}

/// The network's results, within about 0…1, not rounded.
private func enlarge(
    _ pictures: [Picture], bundle path: String, on executor: Executor
) throws -> [[Float]] {
    let bundle = try Bundle.open(path)
    let stage = try bundle.stage("upscaler")
    let network = try makeUpscaler(
        className: stage.className, configuration: stage.config,
        weights: WeightReader(try bundle.weights("upscaler")))
    return pictures.map { picture in
        let shape = Shape(
            images: 1, height: picture.height, width: picture.width, channels: picture.channels)
        let input = Tensor(
            picture.floats(order: .interleaved), shape: shape, in: executor.workspace)
        return network(input, on: executor).values
    }
}
