import HTTPTypes
import Hummingbird
import Jobs
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Routes {
    /// `/v1/jobs/{id}/images/{index}`: finished pictures. A picture never changes.
    func addPictures(_ desk: Desk) {
        get("/v1/jobs/{id}/images/{index}") { request, context in
            let job = try desk.job(try context.parameters.require("id"))
            let index = try context.parameters.require("index")
            guard let number = Int(index), String(number) == index,
                job.images.indices.contains(number),
                let path = desk.queue.imageFile(job.id, number)
            else {
                throw APIError.notFound(
                    "job \(job.id) has \(job.images.count) pictures, counted from 0")
            }
            return try answer(to: request, image: job.images[number], path: path)
        }
    }
}

private func answer(to request: Request, image: JobImage, path: String) throws -> Response {
    let tag = "\"\(image.sha256)\""
    var headers: HTTPFields = [
        .contentType: "image/png", .eTag: tag, .acceptRanges: "bytes",
        .cacheControl: "private, max-age=31536000, immutable",
    ]
    if request.headers[.ifNoneMatch].map({ matches($0, tag) }) ?? false {
        return Response(status: .notModified, headers: headers)
    }
    let file = try PictureFile(path: path)
    // A range of another version would be worthless.
    let isCurrent = request.headers[.ifRange].map { $0 == tag } ?? true
    switch ByteRange(isCurrent ? request.headers[.range] : nil, size: file.size) {
    case .whole:
        return Response(status: .ok, headers: headers, body: file.body(0..<file.size))
    case .part(let range):
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
        return Response(status: .partialContent, headers: headers, body: file.body(range))
    case .unsatisfiable:
        throw APIError(
            .rangeNotSatisfiable, "Range: the picture has \(file.size) bytes",
            headers: [.contentRange: "bytes */\(file.size)"])
    }
}

/// Whether an `If-None-Match` header names the tag.
private func matches(_ header: String, _ tag: String) -> Bool {
    header.split(separator: ",").contains { part in
        let part = part.drop { $0 == " " }
        let known = part.hasPrefix("W/") ? part.dropFirst(2) : part
        return known.prefix { $0 != " " } == tag || known == "*"
    }
}

/// An open picture, read piece by piece, so that large ones take no memory.
private final class PictureFile: Sendable {
    let size: Int
    private let descriptor: Int32
    private static let pieceSize = 1 << 17

    init(path: String) throws(APIError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw .notFound("the picture is not there any more")
        }
        size = max(0, Int(lseek(descriptor, 0, SEEK_END)))
    }

    deinit { close(descriptor) }

    func body(_ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { [self] writer in
            var position = range.lowerBound
            while position < range.upperBound {
                let count = min(Self.pieceSize, range.upperBound - position)
                let piece = try read(at: position, count: count)
                position += piece.readableBytes
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
    }

    private func read(at position: Int, count: Int) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        let result = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            max(0, pread(descriptor, bytes.baseAddress, count, off_t(position)))
        }
        guard result > 0 else {
            throw APIError(.internalServerError, "the picture cannot be read")
        }
        return buffer
    }
}
