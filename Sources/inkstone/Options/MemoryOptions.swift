import ArgumentParser

/// How much memory may be taken.
struct MemoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Memory to stay within, weights included: 256M, 1G. What cannot be done in it is refused \
            at once. (default: what the machine has)
            """, valueName: "size"))
    var memoryLimit: MemorySize?

    /// Bytes, or nil for what the machine has.
    var bytes: Int? { memoryLimit?.bytes }
}

/// A number of bytes, written `256M`, `1G`, `300000K` or in bytes; the units are powers of 1024.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 0, "K": 10, "M": 20, "G": 30]
        let unit = argument.dropFirst(digits.count).uppercased()
        guard let number = Int(digits), number > 0, let shift = units[unit],
            number <= Int.max >> shift
        else { return nil }
        bytes = number << shift
    }
}
