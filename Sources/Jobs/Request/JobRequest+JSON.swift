internal import FoundationEssentials
internal import Pictures
internal import Pipeline
package import WeightStore

extension JobRequest {
    fileprivate enum Key: String, CaseIterable {
        case task, prompt, negativePrompt = "negative_prompt", model, width, height, steps, guidance
        case sampler, seed, count, upscale, upscaler, image, mask, strength
        case depthMap = "depth_map", loras, controls, vae, embeddings, isLongPrompt = "long_prompt"
        case isPlainPrompt = "plain_prompt"
    }

    /// A request from its JSON object; every key must be known and of its type. Whether the numbers
    /// suit the model is not asked here.
    package init(json: JSONValue) throws(RequestProblem) {
        guard let object = json.object else {
            throw RequestProblem(field: "", expected: "a JSON object", found: json.kind)
        }
        for key in object.keys where Key(rawValue: key) == nil {
            throw RequestProblem(
                field: key,
                expected: "one of " + Key.allCases.map(\.rawValue).joined(separator: ", "),
                found: "an unknown key")
        }
        let fields = Fields(object: object)
        let names = Task.allCases.map(\.rawValue).joined(separator: " or ")
        let task = try fields.read(.task, names) { $0.string.flatMap(Task.init) } ?? .draw
        self.init(task: task)
        prompt = try fields.prompt(.prompt)
        negativePrompt = try fields.prompt(.negativePrompt)
        model = try fields.text(.model)
        loras = try fields.loras()
        controls = try fields.controls()
        vae = try fields.text(.vae)
        embeddings = try fields.names(.embeddings)
        isLongPrompt = try fields.read(.isLongPrompt, "true or false", \.bool) ?? false
        isPlainPrompt = try fields.read(.isPlainPrompt, "true or false", \.bool) ?? false
        width = try fields.integer(.width)
        height = try fields.integer(.height)
        steps = try fields.integer(.steps)
        guidance = try fields.read(.guidance, "a number") { value in
            value.double.flatMap { $0.isFinite ? $0 : nil }
        }
        sampler = try fields.text(.sampler)
        seed = try fields.read(.seed, "an integer from 0 on, or -1 for any") { value in
            value.int.flatMap { $0 >= -1 ? $0 : nil }
        }.flatMap { UInt64(exactly: $0) }
        count = try fields.integer(.count) ?? 1
        upscale = try fields.read(.upscale, "true or false", \.bool) ?? false
        upscaler = try fields.text(.upscaler)
        image = try fields.file(.image)
        mask = try fields.file(.mask)
        depthMap = try fields.file(.depthMap)
        strength = try fields.read(.strength, "a number above 0, at most 1") { value in
            value.double.flatMap { $0 > 0 && $0 <= 1 ? $0 : nil }
        }
        try checkTask()
    }

    private func checkTask() throws(RequestProblem) {
        switch task {
        case .draw where prompt.allSatisfy(\.isWhitespace):
            throw RequestProblem(
                field: "prompt", expected: "what to draw", found: prompt.isEmpty ? "none" : "blanks"
            )
        case .draw where image == nil && strength != nil:
            throw RequestProblem(
                field: "strength", expected: "an image beside it", found: "none")
        case .draw where image == nil && mask != nil:
            throw RequestProblem(
                field: "mask", expected: "an image beside it", found: "none")
        case .enlarge where mask != nil:
            throw RequestProblem(
                field: "mask", expected: "none for a picture to enlarge", found: "one")
        case .enlarge where !loras.isEmpty:
            throw RequestProblem(
                field: "loras", expected: "none for a picture to enlarge", found: "some")
        case .enlarge where !controls.isEmpty:
            throw RequestProblem(
                field: "controls", expected: "none for a picture to enlarge", found: "some")
        case .enlarge where !embeddings.isEmpty:
            throw RequestProblem(
                field: "embeddings", expected: "none for a picture to enlarge", found: "some")
        case .enlarge where depthMap != nil:
            throw RequestProblem(
                field: "depth_map", expected: "none for a picture to enlarge", found: "one")
        case .enlarge where image == nil:
            throw RequestProblem(
                field: "image", expected: "a picture to enlarge", found: "none")
        default: break
        }
    }

    /// The request as a JSON object; of pictures it says only that there are such.
    package var json: JSONValue {
        func integer(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        var object: JSONObject = [
            "task": .string(task.rawValue), "prompt": .string(prompt),
            "negative_prompt": .string(negativePrompt), "model": text(model),
            "width": integer(width), "height": integer(height), "steps": integer(steps),
            "guidance": guidance.map { .number($0) } ?? .null, "sampler": text(sampler),
            "seed": seed.map { .integer(Int64(clamping: $0)) } ?? .null, "count": integer(count),
            "upscale": .bool(upscale), "upscaler": text(upscaler),
        ]
        if image != nil {
            object["image"] = true
            object["mask"] = mask == nil ? .null : true
            object["strength"] = strength.map { .number($0) } ?? .null
        }
        if !loras.isEmpty {
            object["loras"] = .array(
                loras.map { ["name": .string($0.name), "scale": .number($0.scale)] })
        }
        if !controls.isEmpty { object["controls"] = .array(controls.map(\.json)) }
        if let vae { object["vae"] = .string(vae) }
        if !embeddings.isEmpty { object["embeddings"] = .array(embeddings.map { .string($0) }) }
        if isLongPrompt { object["long_prompt"] = true }
        if isPlainPrompt { object["plain_prompt"] = true }
        if depthMap != nil { object["depth_map"] = true }
        return .object(object)
    }
}

/// Reads an object's fields; null is as good as absent.
private struct Fields {
    let object: JSONObject

    func read<Value>(
        _ key: JobRequest.Key, _ expected: String, _ convert: (JSONValue) -> Value?
    ) throws(RequestProblem) -> Value? {
        guard let found = object[key.rawValue], found != .null else { return nil }
        guard let value = convert(found) else {
            throw RequestProblem(
                field: key.rawValue, expected: expected, found: Self.shown(found))
        }
        return value
    }

    func text(_ key: JobRequest.Key) throws(RequestProblem) -> String? {
        try read(key, "a string", \.string)
    }

    func prompt(_ key: JobRequest.Key) throws(RequestProblem) -> String {
        try read(key, "text without the character U+0000") { value in
            value.string.flatMap { $0.utf8.contains(0) ? nil : $0 }
        } ?? ""
    }

    func file(_ key: JobRequest.Key) throws(RequestProblem) -> [UInt8]? {
        try read(key, "a \(readablePictures) file in base64") { value in
            decodedFile(value)
        }
    }

    func names(_ key: JobRequest.Key) throws(RequestProblem) -> [String] {
        try read(key, "at most 16 names") { value in
            guard let list = value.array, list.count <= 16 else { return nil }
            let names = list.compactMap(\.string)
            return names.count == list.count ? names : nil
        } ?? []
    }

    /// `[{"name": …, "scale": …}]`.
    func loras() throws(RequestProblem) -> [JobRequest.LoRAChoice] {
        try read(.loras, "at most 8 objects of a name and, if you like, a scale in -10...10") {
            value in
            guard let list = value.array, list.count <= 8 else { return nil }
            let loras = list.compactMap(Self.lora)
            return loras.count == list.count ? loras : nil
        } ?? []
    }

    private static func lora(_ value: JSONValue) -> JobRequest.LoRAChoice? {
        guard let object = value.object, let name = object["name"]?.string,
            object.keys.allSatisfy({ $0 == "name" || $0 == "scale" })
        else { return nil }
        let scale = object["scale"] ?? 1
        guard let number = scale.double, LoRA.allowedScales.contains(number) else { return nil }
        return .init(name: name, scale: number)
    }

    func controls() throws(RequestProblem) -> [JobRequest.ControlChoice] {
        try read(
            .controls,
            "at most \(JobInput.controls.count) objects of a name, an image and, if you like, a "
                + "scale in \(ControlPicture.allowedScales) and canny, two thresholds"
        ) { value in
            guard let list = value.array, list.count <= JobInput.controls.count else { return nil }
            let controls = list.compactMap(JobRequest.ControlChoice.init(json:))
            return controls.count == list.count ? controls : nil
        } ?? []
    }

    func integer(_ key: JobRequest.Key) throws(RequestProblem) -> Int? {
        try read(key, "an integer", \.int)
    }

    /// Short values as they stand, others by their kind.
    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .array, .object: value.kind
        case .string(let text) where text.utf8.count > 80: value.kind
        default: value.text
        }
    }
}
