import WeightStore

extension ExpectedTensors {
    /// A LoRA: `layers` in its configuration says, for each layer that it adapts, `rank`, `in`, `out`
    /// and `kernel`.
    static func lora(_ configuration: ConfigurationReader) throws(QuantizerError) -> ExpectedTensors
    {
        guard let layers = configuration.object["layers"]?.object else {
            throw configuration.failure("layers", expected: "an object")
        }
        var list = ExpectedTensors()
        for (name, value) in layers {
            let shape = ConfigurationReader(
                path: configuration.path, object: value.object ?? JSONObject())
            let rank = try shape.size("rank")
            let kernel = try shape.size("kernel", default: 1, limit: 7)
            let inputs = try shape.size("in")
            if kernel == 1 {
                list.linear(name + ".lora_down", inputs, rank, bias: false)
            } else {
                list.convolution(name + ".lora_down", inputs, rank, kernel: kernel, bias: false)
            }
            list.linear(name + ".lora_up", rank, try shape.size("out"), bias: false)
        }
        return list
    }
}
