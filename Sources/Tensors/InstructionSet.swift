internal import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The instruction set that the kernels run on: chosen once, before the first layer runs.
package enum InstructionSet {
    /// Why a forced instruction set cannot be had.
    package struct Unavailable: Error, CustomStringConvertible {
        package let name: String
        package var description: String {
            "INKSTONE_ISA=\(name): this processor and build offer "
                + InstructionSet.available.joined(separator: ", ")
        }
    }

    /// The rungs that this processor and build offer, lowest first.
    package static var available: [String] {
        (0..<UInt32(CK_ISA_COUNT)).map { ck_isa(rawValue: $0) }.filter(ck_isa_available)
            .compactMap { ck_isa_name($0).map { String(cString: $0) } }
    }

    /// Fills the dispatch table: with the best rung this processor has, or with the one named.
    /// - Returns: the name of the rung.
    @discardableResult
    package static func select(_ name: String?) throws(Unavailable) -> String {
        var isa = ck_best_isa()
        if let name, !name.isEmpty {
            guard ck_isa_from_name(name, &isa), ck_select_isa(isa) else {
                throw Unavailable(name: name)
            }
        } else {
            _ = ck_select_isa(isa)
        }
        return current
    }

    private static let environment: Result<String, Unavailable> = Result { () throws(Unavailable) in
        try select(getenv("INKSTONE_ISA").map { String(cString: $0) })
    }

    /// Selects what the environment variable `INKSTONE_ISA` names, or the best; once a process.
    @discardableResult
    package static func selectFromEnvironment() throws(Unavailable) -> String {
        try environment.get()
    }

    /// The name of the rung in use.
    package static var current: String {
        ck_isa_name(ck_selected_isa()).map { String(cString: $0) } ?? "unknown"
    }
}
