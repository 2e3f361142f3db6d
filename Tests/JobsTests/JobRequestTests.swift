import Pipeline
import Testing
import WeightStore

@testable import Jobs

@Suite struct JobRequestTests {
    private func read(_ text: String) throws -> JobRequest {
        try JobRequest(json: JSONValue.parse(Array(text.utf8)))
    }

    @Test func whatIsWrittenReadsBack() throws {
        let text = """
            {"prompt": "熊猫", "negative_prompt": "模糊", "model": "m", "width": 64, "height": 32,
             "steps": 7, "guidance": 4.5, "sampler": "ddim", "seed": 9, "count": 2, "upscale": true,
             "upscaler": "u", "embeddings": ["cat-toy"], "vae": "taesd", "long_prompt": true, "plain_prompt": true,
             "loras": [{"name": "poem", "scale": 0.4}]}
            """
        let request = try read(text)
        #expect(request.negativePrompt == "模糊" && request.width == 64 && request.height == 32)
        #expect(request.guidance == 4.5 && request.seed == 9 && request.count == 2)
        #expect(request.embeddings == ["cat-toy"] && request.isLongPrompt && request.isPlainPrompt)
        #expect(try JobRequest(json: request.json) == request)
    }

    @Test func controlsReadBackWithoutTheirPictures() throws {
        let text = """
            {"prompt": "熊猫", "controls": [{"name": "a", "image": "AAAA"},
             {"name": "b", "image": "AAEC", "scale": 0.5, "canny": [100, 200]}]}
            """
        var request = try read(text)
        #expect(request.inputs.map(\.name) == [.control1, .control2])
        #expect(request.inputs.map(\.bytes) == [[0, 0, 0], [0, 1, 2]])
        #expect(request.controls.map(\.scale) == [1, 0.5])
        #expect(request.controls[1].canny == .init(low: 100, high: 200))
        // As a job's folder has it.
        request.replaceInputs { _ in [] }
        let record = JobRecord(Job(id: "1", request: request, owner: nil, created: 0))
        let again = JobRecord(id: "1", request: record.requestJSON, state: nil)
        #expect(again?.job.request == request)
    }

    @Test func leavesOutWhatIsNull() throws {
        let request = try read(#"{"prompt": "猫", "seed": null, "steps": null, "guidance": null}"#)
        #expect(request == JobRequest(prompt: "猫"))
        #expect(try read(#"{"prompt": "猫", "seed": -1}"#).seed == nil)
    }

    @Test(arguments: [
        ("[]", ""), ("7", ""), ("{}", "prompt"), (#"{"prompt": ""}"#, "prompt"),
        (#"{"prompt": " \n"}"#, "prompt"), (#"{"prompt": 7}"#, "prompt"),
        (#"{"prompt": "a", "steps": "7"}"#, "steps"), (#"{"prompt": "a", "steps": 1.5}"#, "steps"),
        (#"{"prompt": "a", "steps": 1e300}"#, "steps"), (#"{"prompt": "a", "width": []}"#, "width"),
        (#"{"prompt": "a", "seed": -2}"#, "seed"), (#"{"prompt": "a", "seed": 1e30}"#, "seed"),
        (#"{"prompt": "a", "guidance": "x"}"#, "guidance"),
        (#"{"prompt": "a", "count": {}}"#, "count"),
        (#"{"prompt": "a", "upscale": 1}"#, "upscale"), (#"{"prompt": "a", "sise": 1}"#, "sise"),
        (#"{"prompt": "a", "task": "paint"}"#, "task"), (#"{"task": "enlarge"}"#, "image"),
        (#"{"task": "enlarge", "image": "%%"}"#, "image"),
        (#"{"prompt": "a", "strength": 0.5}"#, "strength"),
        (#"{"prompt": "a", "image": "AAAA", "strength": 0}"#, "strength"),
        (#"{"prompt": "a", "image": "AAAA", "strength": 1.01}"#, "strength"),
        (#"{"prompt": "a\u0000"}"#, "prompt"),
        (#"{"prompt": "a", "mask": "AAAA"}"#, "mask"),
        (#"{"prompt": "a", "image": "AAAA", "mask": 1}"#, "mask"),
        (#"{"task": "enlarge", "image": "AAAA", "mask": "AAAA"}"#, "mask"),
        (#"{"task": "enlarge", "image": "AAAA", "depth_map": "AAAA"}"#, "depth_map"),
        (#"{"prompt": "a", "depth_map": "+"}"#, "depth_map"),
        (#"{"prompt": "a", "embeddings": "cat"}"#, "embeddings"),
        (#"{"prompt": "a", "embeddings": [1]}"#, "embeddings"),
        (#"{"task": "enlarge", "image": "AAAA", "embeddings": ["cat"]}"#, "embeddings"),
        (#"{"prompt": "a", "long_prompt": 1}"#, "long_prompt"),
        (#"{"prompt": "a", "controls": [{"name": "a"}]}"#, "controls"),
        (#"{"prompt": "a", "controls": [{"name": "a", "image": "%"}]}"#, "controls"),
        (#"{"prompt": "a", "controls": [{"name": "a", "image": "", "x": 1}]}"#, "controls"),
        (#"{"prompt": "a", "controls": [{"name": "a", "image": "", "scale": 11}]}"#, "controls"),
        (
            #"{"prompt": "a", "controls": [{"name": "a", "image": "", "canny": [9, 3]}]}"#,
            "controls"
        ),
    ])
    func refusesWhatMakesNoSense(_ text: String, field: String) throws {
        let problem = try #require(throws: RequestProblem.self) { try read(text) }
        #expect(problem.field == field)
        #expect(!problem.expected.isEmpty && !problem.found.isEmpty)
    }
}
