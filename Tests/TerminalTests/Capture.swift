import Foundation
import Synchronization

/// What `body` writes to the descriptor that it is given.
func captured(_ body: (Int32) throws -> Void) throws -> String {
    let pipe = Pipe()
    try body(pipe.fileHandleForWriting.fileDescriptor)
    try pipe.fileHandleForWriting.close()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    return String(decoding: data, as: UTF8.self)
}

/// A clock that moves when it is told to.
final class FakeClock: Sendable {
    private let time = Mutex<Duration>(.zero)

    var now: @Sendable () -> Duration {
        { self.time.withLock { $0 } }
    }

    func advance(_ step: Duration) {
        time.withLock { $0 += step }
    }
}

/// The last state of each line that a terminal would show: what stands after the last return,
/// without colours.
func screen(_ output: String) -> [String] {
    var lines = [""]
    var rest = Substring(output)
    while let character = rest.popFirst() {
        switch character {
        case "\r": lines[lines.count - 1] = ""
        case "\n": lines.append("")
        case "\u{1B}": rest = rest.drop { !$0.isLetter }.dropFirst()
        default: lines[lines.count - 1].append(character)
        }
    }
    return lines
}
