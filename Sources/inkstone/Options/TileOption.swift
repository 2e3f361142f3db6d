import ArgumentParser
import Tensors

/// How much of a picture is computed at a time.
struct TileOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Compute so many rows of the result at a time, in the least memory that allows. The \
            result is the same. (default: as many as are fast in little memory)
            """, valueName: "rows"))
    var tile: Int?

    func validate() throws {
        if let tile, tile < 1 {
            throw ValidationError("--tile: expected rows from 1 on, found \(tile)")
        }
    }

    var tiling: Tiling { tile.map { Tiling(rows: $0, budget: 0) } ?? .standard }
}
