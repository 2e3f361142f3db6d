import ArgumentParser
import Pictures
import Pipeline
import WeightStore

/// `inkstone upscale`: a picture, enlarged.
struct UpscaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upscale",
        abstract: "Enlarge a picture.",
        discussion: """
            Examples:
              inkstone upscale small.png large.png
              inkstone upscale --model realesrgan-x4plus-anime drawing.png crisp.png

            Transparency is enlarged by the same network, as a gray picture of its own. The \
            input's text, such as the `parameters` of a drawn picture, is kept. A file that is \
            there already is replaced.
            """)

    @Argument(help: "The \(readablePictures) to enlarge, - for standard input.")
    var input: String

    @Argument(help: "The PNG to write, - for standard output.")
    var output: String

    @Option(help: ArgumentHelp("The upscaler: a name or a bundle's folder.", valueName: "bundle"))
    var model = defaultUpscaler

    @OptionGroup var tile: TileOption

    @OptionGroup var memory: MemoryOptions

    @OptionGroup var machine: MachineOptions

    func run() throws {
        let executor = try machine.executor()
        let upscaler = try PictureUpscaler(
            try ModelLibrary().open(model), tiling: tile.tiling, on: executor)
        let decoded = try readPicture(input)
        let plan = try upscaler.plan(
            width: decoded.picture.width, height: decoded.picture.height, limit: memory.bytes)
        let target = Output(output)
        try target.check()
        let display = GenerationDisplay(quiet: false)
        defer { display.finish() }
        display.showUpscaling(picture: 0, of: 1)
        let enlarged = try enlarge(decoded.picture, with: upscaler, plan: plan)
        try target.write(try encodePNG(enlarged, texts: decoded.texts))
        display.note("\(target.name): \(enlarged.width)x\(enlarged.height)")
    }

    private func enlarge(
        _ picture: Picture, with upscaler: PictureUpscaler, plan: StagePlans
    ) throws -> Picture {
        guard let (colour, alpha) = picture.splittingAlpha() else {
            return try upscaler(picture, plan: plan)
        }
        let large = try upscaler(colour, plan: plan)
        // An opaque picture stays so, which a network does not promise.
        let isOpaque = alpha.pixels.allSatisfy { $0 == 255 }
        return large.with(alpha: isOpaque ? nil : try upscaler(alpha, plan: plan))
    }
}

/// Reads a picture from a file or, for `-`, from standard input.
func readPicture(_ path: String) throws -> DecodedPicture {
    let bytes = try readInput(path, limit: 1 << 30)
    do {
        return try decodePicture(bytes)
    } catch {
        throw FileError(path: path == "-" ? "standard input" : path, problem: error)
    }
}

extension Picture {
    /// The colours, and the alpha channel as a gray picture of three channels; nil without alpha.
    fileprivate func splittingAlpha() -> (colour: Picture, alpha: Picture)? {
        guard channels == 4 else { return nil }
        var colour: [UInt8] = []
        var alpha: [UInt8] = []
        colour.reserveCapacity(width * height * 3)
        alpha.reserveCapacity(width * height * 3)
        for start in stride(from: 0, to: pixels.count, by: 4) {
            colour += pixels[start..<start + 3]
            alpha += repeatElement(pixels[start + 3], count: 3)
        }
        func picture(_ pixels: [UInt8]) -> Picture {
            Picture(width: width, height: height, channels: 3, pixels: pixels)
        }
        return (picture(colour), picture(alpha))
    }

    /// An RGB picture with the mean of `alpha`'s channels as its alpha channel; opaque for nil.
    fileprivate func with(alpha: Picture?) -> Picture {
        var result: [UInt8] = []
        result.reserveCapacity(width * height * 4)
        for start in stride(from: 0, to: pixels.count, by: 3) {
            result += pixels[start..<start + 3]
            let opacity = alpha.map { alpha in
                alpha.pixels[start..<start + 3].reduce(1) { $0 + Int($1) } / 3
            }
            result.append(UInt8(opacity ?? 255))
        }
        return Picture(width: width, height: height, channels: 4, pixels: result)
    }
}
