import ArgumentParser
import Service
import UnixSockets
import WeightStore

/// Who is let in.
struct AccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Permissions of the socket. (default: 600, with --socket-group 660)",
            valueName: "mode"))
    var socketMode: SocketMode?

    @Option(
        help: ArgumentHelp(
            "The group that the socket is given to; it is let in.", valueName: "group"))
    var socketGroup: String?

    @Option(
        help: ArgumentHelp(
            "A user, by name or number, who is let in beside root and yourself; repeatable.",
            valueName: "user"))
    var allowUid: [String] = []

    @Option(
        help: ArgumentHelp(
            "A group, by name or number, whose members are let in; repeatable.",
            valueName: "group"))
    var allowGroup: [String] = []

    @Option(
        help: ArgumentHelp(
            "Listen on TCP as well, such as 127.0.0.1:7860: everybody on this machine is let in.",
            valueName: "address:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line requests over TCP must bring as Authorization: Bearer …; "
                + "needed to listen on other addresses than this machine's own.",
            valueName: "file"))
    var tokenFile: String?

    func validate() throws {
        guard tokenFile == nil || listen != nil else {
            throw ValidationError("--token-file: it is for --listen, which is not given")
        }
    }

    func apply(to configuration: inout ServiceConfiguration) throws {
        if let socketGroup {
            let group = try group(socketGroup, "--socket-group")
            configuration.socketGroup = group
            configuration.access.groups.insert(group)
            configuration.socketMode = 0o660
        }
        if let socketMode { configuration.socketMode = socketMode.bits }
        for name in allowUid {
            guard let user = userNumber(name) else {
                throw UsageError("--allow-uid: there is no user \(printable(name))")
            }
            configuration.access.users.insert(user)
        }
        for name in allowGroup {
            configuration.access.groups.insert(try group(name, "--allow-group"))
        }
        if let listen {
            guard let address = NetworkAddress(listen) else {
                throw UsageError(
                    "--listen: expected an address such as 127.0.0.1:7860, found "
                        + printable(listen))
            }
            configuration.network = address
        }
        configuration.token = try tokenFile.map { try Token(path: $0) }
    }

    private func group(_ name: String, _ option: String) throws -> UInt32 {
        guard let group = groupNumber(name) else {
            throw UsageError("\(option): there is no group \(printable(name))")
        }
        return group
    }
}

/// Permissions, written in octal: `660`.
struct SocketMode: ExpressibleByArgument {
    let bits: UInt32

    init?(argument: String) {
        guard let bits = UInt32(argument, radix: 8), bits <= 0o777, bits & 0o600 == 0o600 else {
            return nil
        }
        self.bits = bits
    }
}
