/// Rows in columns of even width, two blanks apart, under a ruled header; ends with a line end.
///
/// Widths are counted in terminal columns, so that Chinese text lines up. Cells are shown as one
/// line. A row may be shorter than the header; the cells that it lacks are empty.
/// - Parameter alignRight: indices of the columns, such as numbers, that stand at their right edge.
package func table(header: [String], rows: [[String]], alignRight: Set<Int> = []) -> String {
    let cells = ([header] + rows).map { $0.map(oneLine) }
    let columns = cells.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        cells.map { column < $0.count ? displayWidth($0[column]) : 0 }.max() ?? 0
    }
    func line(_ row: [String]) -> String {
        var text = ""
        for (column, width) in widths.enumerated() {
            let cell = column < row.count ? row[column] : ""
            let blanks = String(repeating: " ", count: width - displayWidth(cell))
            text += column == 0 ? "" : "  "
            text += alignRight.contains(column) ? blanks + cell : cell + blanks
        }
        while text.last == " " {
            text.removeLast()
        }
        return text + "\n"
    }
    let rule = line(widths.map { String(repeating: "-", count: $0) })
    return line(cells[0]) + rule + cells.dropFirst().map(line).joined()
}
