import HTTPTypes
import Jobs
import Testing
import WeightStore

@testable import Service

/// Addresses, other programs' words, and events.
struct RouteTests {
    @Test func addressKnowsItsMethods() {
        var table = RouteTable()
        table.add(.get, "/v1/jobs")
        table.add(.post, "/v1/jobs")
        table.add(.delete, "/v1/jobs/{id}")
        #expect(table.methods(of: "/v1/jobs") == [.get, .head, .post])
        #expect(table.methods(of: "/v1/jobs/7") == [.delete])
        #expect(table.methods(of: "/v1/jobs/7/images").isEmpty)
        #expect(table.methods(of: "/v1").isEmpty)
    }

    @Test func dateHasTheFormOfHTTP() {
        #expect(dateHeader(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(dateHeader(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }

    @Test func openAIRequestIsTranslated() throws {
        let order = try OpenAIOrder([
            "prompt": "熊猫", "n": 2, "size": "64x128", "response_format": "url", "user": "u",
            "quality": "hd", "seed": 7, "stream": false,
        ])
        #expect(order.wantsAddresses)
        #expect(order.request.prompt == "熊猫" && order.request.count == 2)
        #expect(order.request.width == 64 && order.request.height == 128)
        #expect(order.request.seed == 7)
        #expect(try !OpenAIOrder(["prompt": "a", "size": "auto"]).wantsAddresses)
    }

    @Test(
        arguments: [
            (["prompt": "a", "n": 0], "n"), (["prompt": "a", "n": "1"], "n"),
            (["prompt": "a", "size": "64"], "size"), (["prompt": "a", "size": 64], "size"),
            (["prompt": "a", "stream": true], "stream"), (["prompt": "a", "steps": "x"], "steps"),
            (["prompt": "a", "output_format": "jpeg"], "output_format"),
            (["prompt": "a", "background": "transparent"], "background"),
            (["prompt": "a", "user": 1], "user"), (["prompt": "a", "mask": "x"], "mask"),
            (["n": 1], "prompt"),
        ] as [(JSONObject, String)])
    func openAIRequestIsRefusedByItsField(object: JSONObject, field: String) {
        let problem = #expect(throws: RequestProblem.self) { try OpenAIOrder(object) }
        #expect(problem?.field == field)
    }

    @Test func webUIRequestIsTranslated() throws {
        let order = try WebUIOrder(
            [
                "prompt": "熊猫", "sampler_name": "DPM++ 2M", "scheduler": "Karras", "n_iter": 2,
                "batch_size": 3, "cfg_scale": 4, "seed": -1, "enable_hr": true, "tiling": true,
                "override_settings": ["sd_model_checkpoint": "emoji-zh [0123456789]"],
            ], defaultModel: "other")
        let request = order.request
        #expect(request.sampler == "dpm++2m-karras" && request.count == 6)
        #expect(request.guidance == 4 && request.seed == nil && request.upscale)
        #expect(request.model == "emoji-zh")
        #expect(try WebUIOrder(["prompt": "a"], defaultModel: "other").request.model == "other")
    }

    @Test func webUISamplersAreKnownByBothNames() throws {
        for (name, displayName) in JobQueue.samplers {
            for text in [name, displayName] {
                let order = try WebUIOrder(
                    ["prompt": "a", "sampler_name": .string(text), "scheduler": "automatic"],
                    defaultModel: nil)
                #expect(order.request.sampler == name)
            }
        }
        let problem = #expect(throws: RequestProblem.self) {
            try WebUIOrder(["prompt": "a", "sampler_name": "none"], defaultModel: nil)
        }
        #expect(problem?.field == "sampler_name")
    }

    @Test func largeBodiesShareABudget() throws {
        let budget = BodyBudget(bytes: 1 << 20)
        let share = try budget.take(1 << 20)
        #expect(throws: APIError.self) { try budget.take(1 << 17) }
        // Small ones are not counted.
        #expect(try budget.take(100) == 0)
        budget.giveBack(share)
        #expect(try budget.take(1 << 17) == 1 << 17)
    }
}
