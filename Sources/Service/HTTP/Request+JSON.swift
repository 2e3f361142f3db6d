import HTTPTypes
import Hummingbird
import NIOCore
import WeightStore

/// How large a body may be.
enum BodyLimit {
    /// Bodies that hold nothing but words and numbers.
    static let text = 1 << 20
    /// Bodies that hold pictures in base64.
    static let pictures = 32 << 20
}

extension Request {
    /// The JSON object in the body.
    ///
    /// The body stays with the request as its buffer, so that the connection can be watched
    /// afterwards.
    /// - Parameters:
    ///   - limit: the most bytes accepted.
    ///   - budget: what all bodies that are in memory share.
    mutating func jsonObject(
        upTo limit: Int, within budget: BodyBudget
    ) async throws -> JSONObject {
        // A body of another kind is not looked at, so that a form on a foreign page cannot post one.
        try require("application/json")
        return try await readBody(upTo: limit, within: budget) { try Self.object(in: $0) }
    }

    /// What `convert` makes of the form in the body, which stays as with `jsonObject`.
    mutating func form<Value: Sendable>(
        upTo limit: Int, within budget: BodyBudget,
        _ convert: @escaping @Sendable (MultipartForm) throws -> Value
    ) async throws -> Value {
        try require("multipart/form-data")
        let type = headers[.contentType] ?? ""
        return try await readBody(upTo: limit, within: budget) { body in
            try convert(try MultipartForm(Array(body.readableBytesView), contentType: type))
        }
    }

    /// Bytes that are parsed on the thread that serves all connections.
    private static let quicklyRead = 1 << 16

    private mutating func readBody<Value: Sendable>(
        upTo limit: Int, within budget: BodyBudget,
        _ parse: @escaping @Sendable (ByteBuffer) throws -> Value
    ) async throws -> Value {
        let announced = headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= limit else {
            throw APIError(
                .contentTooLarge,
                "the body has \(announced ?? 0) bytes, at most \(limit) are accepted")
        }
        let share = try budget.take(announced ?? limit)
        defer { budget.giveBack(share) }
        let body = try await collectBody(upTo: limit)
        guard body.readableBytes > Self.quicklyRead else { return try parse(body) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try parse(body) }
    }

    private func require(_ expected: String) throws(APIError) {
        let type = headers[.contentType] ?? "none"
        let name = type.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        guard name == expected else {
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: expected \(expected), found \(type.prefix(100))")
        }
    }

    private static func object(in body: ByteBuffer) throws(APIError) -> JSONObject {
        var limits = JSONLimits()
        limits.depth = 32
        limits.valueCount = 100_000
        let value: JSONValue
        do {
            value = try body.withUnsafeReadableBytes { bytes throws(WeightError) in
                try JSONValue.parse(bytes, source: "the body", limits: limits)
            }
        } catch {
            throw APIError(.badRequest, "\(error)")
        }
        guard let object = value.object else {
            throw APIError(.badRequest, "the body: expected a JSON object, found \(value.kind)")
        }
        return object
    }
}
