extension Picture {
    /// The outlines of what is to be seen, white on black, as ControlNets for outlines were trained on.
    ///
    /// Thresholds are of |∂x| + |∂y| by Sobel's 3×3 filters over gray: an outline begins above `high` and
    /// goes on above `low`. Transparency is seen on white.
    /// - Source: Canny, 1986, doi:10.1109/TPAMI.1986.4767851; the numbers are those of OpenCV's `Canny`
    ///   without a blur, and of its gray.
    package func outlines(low: Int, high: Int) -> Picture {
        let gradients = Gradients(composited())
        var marks = gradients.ridges(low: low, high: high)
        // Weak ridges that touch a strong one belong to its outline.
        var open = marks.indices.filter { marks[$0] == .strong }
        while let index = open.popLast() {
            for neighbour in gradients.neighbours(of: index) where marks[neighbour] == .weak {
                marks[neighbour] = .strong
                open.append(neighbour)
            }
        }
        return Picture(
            width: width, height: height, channels: 1,
            pixels: marks.map { $0 == .strong ? 255 : 0 })
    }
}

/// The slopes of a picture's gray.
private struct Gradients {
    enum Mark {
        case none
        case weak
        case strong
    }

    let width: Int
    let height: Int
    private var across: [Int] = []
    private var down: [Int] = []
    private var magnitude: [Int] = []

    /// - Parameter picture: RGB.
    init(_ picture: Picture) {
        (width, height) = (picture.width, picture.height)
        let gray = stride(from: 0, to: picture.pixels.count, by: picture.channels).map { first in
            Self.gray(picture.pixels[first..<first + 3])
        }
        let (width, height) = (width, height)
        // Beyond its edges the picture goes on as it ends.
        func at(_ row: Int, _ column: Int) -> Int {
            gray[min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)]
        }
        for row in 0..<height {
            for column in 0..<width {
                func line(_ row: Int, _ column: Int, _ down: Int, _ across: Int) -> Int {
                    at(row - down, column - across) + 2 * at(row, column)
                        + at(row + down, column + across)
                }
                let left = line(row, column - 1, 1, 0)
                let right = line(row, column + 1, 1, 0)
                let above = line(row - 1, column, 0, 1)
                let below = line(row + 1, column, 0, 1)
                across.append(right - left)
                down.append(below - above)
            }
        }
        magnitude = zip(across, down).map { abs($0) + abs($1) }
    }

    /// ITU-R BT.601 in 15 bits behind the point.
    private static func gray(_ pixel: ArraySlice<UInt8>) -> Int {
        let sum = zip(pixel, [9798, 19235, 3735]).reduce(1 << 14) { $0 + Int($1.0) * $1.1 }
        return sum >> 15
    }

    /// The pixels that are steeper than those before and behind them along the slope.
    func ridges(low: Int, high: Int) -> [Mark] {
        magnitude.indices.map { index in
            let size = magnitude[index]
            guard size > low, isRidge(index) else { return .none }
            return size > high ? .strong : .weak
        }
    }

    /// tan 22.5° in 15 bits behind the point.
    private static let tangent = 13573

    private func isRidge(_ index: Int) -> Bool {
        let (row, column) = index.quotientAndRemainder(dividingBy: width)
        let size = magnitude[index]
        let x = abs(across[index])
        let y = abs(down[index]) << 15
        let flat = x * Self.tangent
        if y < flat { return size > at(row, column - 1) && size >= at(row, column + 1) }
        if y > flat + x << 16 { return size > at(row - 1, column) && size >= at(row + 1, column) }
        let side = (across[index] < 0) != (down[index] < 0) ? -1 : 1
        return size > at(row - 1, column - side) && size > at(row + 1, column + side)
    }

    private func at(_ row: Int, _ column: Int) -> Int {
        guard (0..<height).contains(row), (0..<width).contains(column) else { return 0 }
        return magnitude[row * width + column]
    }

    func neighbours(of index: Int) -> [Int] {
        let (row, column) = index.quotientAndRemainder(dividingBy: width)
        let rows = max(row - 1, 0)...min(row + 1, height - 1)
        let columns = max(column - 1, 0)...min(column + 1, width - 1)
        return rows.flatMap { row in columns.map { row * width + $0 } }
    }
}
