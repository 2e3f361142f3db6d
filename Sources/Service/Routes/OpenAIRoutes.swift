import HTTPTypes
import Hummingbird
import Jobs
import WeightStore

extension Routes {
    /// OpenAI's `/v1/images/generations` and `/v1/images/edits`: answered when the pictures are
    /// there.
    /// - Source: OpenAI's API reference, "Create image" and "Create image edit". `stream` is not
    ///   offered.
    func addOpenAI(_ desk: Desk) {
        post("/v1/images/generations") { request, context in
            var request = request
            let object = try await request.jsonObject(upTo: BodyLimit.text, within: desk.budget)
            let order = try await naming(openAINames) { try OpenAIOrder(object) }
            return try await desk.draw(order, for: request, context)
        }
        post("/v1/images/edits") { request, context in
            var request = request
            let order = try await request.form(
                upTo: BodyLimit.pictures, within: desk.budget
            ) { form in
                let form = try OpenAIForm(form)
                return try OpenAIOrder(form.object, editing: form.picture(masks: desk.masks))
            }
            return try await desk.draw(order, for: request, context)
        }
    }
}

/// OpenAI's names by those of `JobRequest`.
private let openAINames = ["count": "n", "width": "size", "height": "size"]

extension Desk {
    fileprivate func draw(
        _ order: OpenAIOrder, for request: Request, _ context: ServiceContext
    ) async throws -> Response {
        let job = try await naming(openAINames) {
            try await draw(order.request, for: request, context)
        }
        return try .closing(order.answer(job, self, request))
    }
}
