import Jobs
import Pictures
import Testing
import WeightStore

@testable import Service

/// Forms, and what comes in them to OpenAI's interface.
struct MultipartFormTests {
    private static let type = "multipart/form-data; boundary=\"b;1\"; charset=utf-8"

    private func form(_ body: String) throws -> MultipartForm {
        try MultipartForm(
            Array(body.replacing("\n", with: "\r\n").utf8), contentType: Self.type)
    }

    private func part(_ name: String, _ value: String) -> String {
        "--b;1\nContent-Disposition: form-data; name=\"\(name)\"\n\n\(value)\n"
    }

    @Test func partsComeInTheirOrder() throws {
        let form = try form(
            """
            a preamble
            --b;1  \t
            content-disposition: form-data; filename="a\\"b;c.png"; name="image"
            Content-Type: image/png

            one
            --b;

            two
            --b;1
            Content-Disposition: form-data; name=prompt


            --b;1--
            an epilogue
            """)
        #expect(form.parts.map(\.name) == ["image", "prompt"])
        #expect(Array(form.parts[0].content) == Array("one\r\n--b;\r\n\r\ntwo".utf8))
        #expect(form.parts[1].content.isEmpty)
        #expect(try self.form("--b;1--").parts.isEmpty)
    }

    @Test(arguments: [
        "", "one", "--b;1", "--b;1\n", "--b;1\n\n\n--b;1--",
        "--b;1\nContent-Disposition: form-data; name=\"a\"\n\nb",
        "--b;1\nContent-Disposition: attachment; name=\"a\"\n\nb\n--b;1--",
        "--b;1\nContent-Disposition: form-data\n\nb\n--b;1--",
        "--b;1\nContent-Disposition: form-data; name=\"\"\n\nb\n--b;1--",
        "--b;1x\nContent-Disposition: form-data; name=\"a\"\n\nb\n--b;1--",
        "--b;1\nX: " + String(repeating: "x", count: 5000) + "\n\nb\n--b;1--",
        String(repeating: "--b;1\nContent-Disposition: form-data; name=a\n\nb\n", count: 65)
            + "--b;1--",
    ])
    func whatIsNoFormIsRefused(body: String) {
        #expect(throws: RequestProblem.self) { try form(body) }
    }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/form-data; boundary=", "a; boundary=\"",
    ])
    func aFormWithoutABoundaryIsRefused(type: String) {
        #expect(throws: RequestProblem.self) { try MultipartForm([], contentType: type) }
    }

    @Test func valuesAreOfTheirFieldsKind() throws {
        let body = [
            ("n", "2"), ("guidance", "4.5"), ("stream", "false"), ("prompt", "7"), ("steps", "x"),
            ("image[]", "P"),
        ]
        let object = try OpenAIForm(
            form(body.map { part($0, $1) }.joined() + "--b;1--")
        ).object
        #expect(
            object == [
                "n": 2, "guidance": 4.5, "stream": false, "prompt": "7", "steps": "x",
            ])
    }

    @Test(arguments: [([], "image"), (["image", "image"], "image"), (["mask", "mask"], "mask")])
    func anythingButOnePictureIsRefused(names: [String], field: String) {
        let problem = #expect(throws: RequestProblem.self) {
            try OpenAIForm(form(names.map { part($0, "P") }.joined() + "--b;1--"))
        }
        #expect(problem?.field == field)
    }

    /// A picture whose second pixel is transparent or not.
    private func png(alpha: UInt8) throws -> [UInt8] {
        try encodePNG(
            Picture(width: 2, height: 1, channels: 4, pixels: [1, 2, 3, 255, 4, 5, 6, alpha]))
    }

    private func picture(
        image: [UInt8], mask: [UInt8]? = nil
    ) throws -> OpenAIForm.Picture {
        var body = Array("--b;1".utf8)
        for (name, content) in [("image", image), ("mask", mask)] {
            guard let content else { continue }
            body += Array("\r\nContent-Disposition: form-data; name=\(name)\r\n\r\n".utf8)
            body += content + Array("\r\n--b;1".utf8)
        }
        let form = try MultipartForm(body + Array("--".utf8), contentType: Self.type)
        return try OpenAIForm(form).picture(masks: ForeignMask(pixels: 4))
    }

    @Test func whatIsTransparentIsPainted() throws {
        let (clear, opaque) = (try png(alpha: 0), try png(alpha: 1))
        for picture in [try picture(image: opaque, mask: clear), try picture(image: clear)] {
            let mask = try decodePNG(try #require(picture.mask)).picture
            #expect(mask.composited().pixels == [0, 0, 0, 255, 255, 255])
        }
        #expect(try picture(image: opaque).mask == nil)
        for mask in [opaque, Array("P".utf8)] {
            let problem = #expect(throws: RequestProblem.self) {
                try picture(image: opaque, mask: mask)
            }
            #expect(problem?.field == "mask")
        }
    }

    @Test func underAMaskAllChanges() throws {
        func order(_ object: JSONObject, mask: [UInt8]?) throws -> JobRequest {
            try OpenAIOrder(object, editing: .init(image: [1], mask: mask)).request
        }
        #expect(try order(["prompt": "a"], mask: [2]).strength == 1)
        #expect(try order(["prompt": "a"], mask: nil).strength == nil)
        let request = try order(["prompt": "a", "strength": 0.5], mask: [2])
        #expect(request.strength == 0.5 && request.image == [1] && request.mask == [2])
        #expect(throws: RequestProblem.self) { try OpenAIOrder(["prompt": "a", "strength": 0.5]) }
    }

    @Test func aMaskMayBeInverted() throws {
        let picture = Picture(width: 2, height: 1, channels: 1, pixels: [0, 255])
        let mask = try ForeignMask(pixels: 2).inverted(try encodePNG(picture), field: "mask")
        #expect(
            try decodePNG(try #require(mask)).picture.pixels == [255, 255, 255, 0, 0, 0])
    }
}
