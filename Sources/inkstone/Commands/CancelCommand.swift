import ArgumentParser
import ServiceClient
import WeightStore

/// `inkstone cancel`: takes a job back.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Take a job back from the daemon, whether it waits or runs.")

    @Argument(help: "The job's number, as inkstone jobs shows it.")
    var id: String

    @OptionGroup var socket: SocketOption

    func validate() throws {
        try checkJobID(id)
    }

    func run() async throws {
        let job = try await socket.client().json("DELETE", "/v1/jobs/\(id)")
        let state = job["state"]?.string ?? "unknown"
        guard state == "cancelled" else {
            throw ClientError.refused(
                status: 409, message: "job \(id) is \(state); there is nothing to cancel")
        }
        StandardError.write("cancelled \(id)\n")
    }
}
