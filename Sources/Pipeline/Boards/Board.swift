package import Tensors

/// A small computer, as far as the time and the memory of a picture depend on it.
package struct Board: Sendable {
    /// What the command line calls it.
    package let name: String
    package let title: String
    package let cores: Int
    package let gigahertz: Double
    /// What programs find free once the system runs, in bytes.
    package let freeBytes: Int
    /// What its usual card or disk reads, in bytes a second.
    package let readBytesPerSecond: Double
    let core: Core

    private init(
        _ name: String, _ title: String, _ core: Core, cores: Int = 4, gigahertz: Double,
        freeMegabytes: Int, readMegabytes: Double
    ) {
        self.name = name
        self.title = title
        self.core = core
        self.cores = cores
        self.gigahertz = gigahertz
        freeBytes = freeMegabytes << 20
        readBytesPerSecond = readMegabytes * 1e6
    }

    package var coreName: String { core.name }

    /// What would run on it, for rehearsals: the memory it asks for is the board's.
    package var executor: Executor {
        Executor(
            threads: cores, activation: core.activation,
            winograd: core.winograd,
            winogradOperands: core.winogradOperands, halfOperands: core.halfOperands,
            attention: core.activation == .q8 ? .q8 : .float32
        ).rehearsal
    }

    /// The board of a name, whatever its letters' case; nil where none has it.
    package static func named(_ name: String) -> Board? {
        all.first { $0.name == name.lowercased() }
    }

    /// All boards, the slowest first. Of RK3588 only the fast cores count.
    package static let all = [
        Board(
            "pizero2", "Raspberry Pi Zero 2 W (512 MB)", .cortexA53, gigahertz: 1,
            freeMegabytes: 350, readMegabytes: 20),
        Board(
            "pi3", "Raspberry Pi 3 (1 GB)", .cortexA53, gigahertz: 1.2, freeMegabytes: 800,
            readMegabytes: 20),
        Board(
            "pi4", "Raspberry Pi 4 (2 GB)", .cortexA72, gigahertz: 1.8, freeMegabytes: 1700,
            readMegabytes: 40),
        Board(
            "pi5", "Raspberry Pi 5 (4 GB)", .cortexA76, gigahertz: 2.4, freeMegabytes: 3600,
            readMegabytes: 80),
        Board(
            "rk3588", "RK3588 (4 GB)", .cortexA76, gigahertz: 2.3, freeMegabytes: 3600,
            readMegabytes: 200),
        Board(
            "n100", "N100 (8 GB)", .gracemont, gigahertz: 2.9, freeMegabytes: 7000,
            readMegabytes: 400),
    ]
}
