import Foundation
import Pictures
import Testing
import WeightStore

/// `inkstone upscale` with a small network of random weights.
@Suite struct UpscaleTests {
    private let scratch: Scratch
    private let model: String

    init() throws {
        scratch = try Scratch()
        model = scratch.path("upscaler")
        let run = try Program.quantize.run(
            [TinyModel.fixtures + "/esrgan/srvgg-compact.pth", model, "--type", "f32"], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
    }

    private func upscale(_ input: String, _ output: String, from bytes: [UInt8]? = nil) throws
        -> Run
    {
        try Program.inkstone.run(
            ["upscale", "--model", model, input, output], input: bytes, in: scratch)
    }

    private func picture(_ width: Int, _ height: Int, _ channels: Int) -> Picture {
        let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 * 37) }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    @Test func stageMatchesTheOriginal() throws {
        let expected = try SafetensorsFile(
            path: TinyModel.fixtures + "/esrgan/srvgg-expected.safetensors")
        let shape = try expected.requiredEntry("input").shape
        try writeSafetensors(
            [.init(name: "image", shape: shape, floats: try expected.floats("input"))],
            to: scratch.path("in"))
        let run = try Program.inkstone.run(
            ["stage", "upscale", "--model", model, "--in", "in", "--out", "out"], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        let output = try SafetensorsFile(path: scratch.path("out"))
        #expect(try output.requiredEntry("image").shape == [1, 3, shape[2] * 4, shape[3] * 4])
        #expect(relativeError(try output.floats("image"), try expected.floats("output")) < 1e-5)
    }

    @Test func textsOfThePictureAreKept() throws {
        let texts = [("parameters", "熊猫\nSteps: 1, Seed: 2, Size: 5x3"), ("Author", "me")]
        try scratch.write(try encodePNG(picture(5, 3, 3), texts: texts), to: "a.png")
        let run = try upscale("a.png", "b.png")
        try #require(run.status == 0, "\(run.errors)")
        let large = try decodePNG(try scratch.bytes("b.png"))
        #expect(large.picture.width == 20 && large.picture.height == 12)
        #expect(large.texts.map(\.key) == texts.map(\.0))
        #expect(large.texts.map(\.value) == texts.map(\.1))
        #expect(try scratch.names() == ["a.png", "b.png", "upscaler"])
    }

    @Test func transparencyIsEnlargedAsAGrayPicture() throws {
        let small = picture(4, 4, 4)
        let alpha = Picture(
            width: 4, height: 4, channels: 3,
            pixels: stride(from: 3, to: 64, by: 4).flatMap { index in
                Array(repeating: small.pixels[index], count: 3)
            })
        try scratch.write(try encodePNG(small), to: "a.png")
        try scratch.write(try encodePNG(alpha), to: "alpha.png")
        #expect(try upscale("a.png", "b.png").status == 0)
        #expect(try upscale("alpha.png", "gray.png").status == 0)
        let large = try decodePNG(try scratch.bytes("b.png")).picture
        let gray = try decodePNG(try scratch.bytes("gray.png")).picture
        try #require(large.channels == 4 && large.width == 16)
        for pixel in 0..<16 * 16 {
            let mean = (0..<3).reduce(0) { $0 + Double(gray.pixels[pixel * 3 + $1]) } / 3
            #expect(abs(Double(large.pixels[pixel * 4 + 3]) - mean) <= 0.5)
        }
    }

    @Test func opaquePictureStaysOpaque() throws {
        var pixels = picture(3, 2, 4).pixels
        for index in stride(from: 3, to: pixels.count, by: 4) { pixels[index] = 255 }
        let small = Picture(width: 3, height: 2, channels: 4, pixels: pixels)
        let run = try upscale("-", "-", from: try encodePNG(small))
        try #require(run.status == 0, "\(run.errors)")
        let large = try decodePNG(run.output).picture
        #expect(large.width == 12 && large.height == 8)
        let opacities = large.channels == 4 ? stride(from: 3, to: large.pixels.count, by: 4) : nil
        #expect(opacities?.allSatisfy { large.pixels[$0] == 255 } ?? true)
    }

    #if JPEG
        @Test func aJPEGIsEnlarged() throws {
            let run = try upscale(TinyModel.fixtures + "/jpeg/rgb420.jpg", "b.png")
            try #require(run.status == 0, "\(run.errors)")
            let large = try decodePNG(try scratch.bytes("b.png")).picture
            #expect(large.width == 76 && large.height == 52)
        }
    #else
        @Test func aJPEGIsRefusedWithWhatWouldReadIt() throws {
            try upscale(TinyModel.fixtures + "/jpeg/rgb420.jpg", "b.png").expectRefusal(
                saying: "--traits JPEG", in: scratch, leaving: ["upscaler"])
        }
    #endif

    @Test func generatedPictureIsEnlargedAndSaysSo() throws {
        let run = try Program.inkstone.run(
            [
                "generate", "a", "--model", try TinyModel.bundle(), "--upscaler", model, "--steps",
                "1", "--size", "16x24", "-o", "a.png",
            ], in: scratch)
        try #require(run.status == 0, "\(run.errors)")
        let drawn = try decodePNG(try scratch.bytes("a.png"))
        #expect(drawn.picture.width == 64 && drawn.picture.height == 96)
        let parameters = GenerationParameters(parsing: drawn.text("parameters") ?? "")
        #expect(parameters["Size"] == "16x24")
        #expect(parameters["Postprocess upscale by"] == "4")
    }

    @Test func inputThatIsNoPictureIsRefused() throws {
        try scratch.write([], to: "a.png")
        let empty = try upscale("a.png", "b.png")
        #expect(empty.status == 1 && empty.errors.contains("a.png: the picture is empty"))
        let missing = try upscale("c.png", "b.png")
        #expect(missing.status == 1 && missing.errors.contains("No such file"))
        let wrong = try Program.inkstone.run(
            ["upscale", "--model", try TinyModel.bundle(), "a.png", "b.png"], in: scratch)
        #expect(wrong.status == 1 && wrong.errors.contains("upscaler"))
        #expect(try scratch.names() == ["a.png", "upscaler"])
    }
}
