import TestSupport
import Testing
import WeightStore

@testable import Jobs

@Suite struct SpoolTests {
    private func write(_ text: String, to path: String) throws {
        try AtomicFile.writeAtomically(Array(text.utf8), to: path)
    }

    @Test func aSecondDaemonIsKeptOut() throws {
        try withTemporaryFolder { folder in
            let queue = try Workplace(folder).queue()
            #expect(throws: SpoolError.self) { _ = try Workplace(folder).queue() }
            #expect(queue.jobs().isEmpty)
        }
    }

    @Test func whatWasLeftHalfDoneIsRemoved() async throws {
        try await withTemporaryFolder { folder in
            let queueFolder = folder + "/spool/queue"
            let place = Workplace(folder)
            let id = try await place.queue().submit(Workplace.request(), owner: nil).id
            try makePrivateFolders("\(queueFolder)/.new-00000009-aaaaaaaa")
            try write("{", to: "\(queueFolder)/.new-00000009-aaaaaaaa/request.json")
            try makePrivateFolders("\(queueFolder)/.removed-00000008-aaaaaaaa")
            try write("x", to: "\(queueFolder)/\(id)/.inkstone-file-1")
            let queue = try place.queue()
            #expect(queue.jobs().map(\.id) == [id])
            #expect(namesInFolder(queueFolder) == [id])
            #expect(namesInFolder("\(queueFolder)/\(id)") == ["request.json"])
        }
    }

    @Test func whatCannotBeReadIsSetAside() async throws {
        try await withTemporaryFolder { folder in
            let place = Workplace(folder)
            let first = try await place.queue().submit(Workplace.request(), owner: nil).id
            try write("{\"version\": 1", to: "\(folder)/spool/queue/\(first)/request.json")
            let queue = try place.queue()
            #expect(queue.jobs().isEmpty)
            #expect(namesInFolder(folder + "/spool/damaged") == [first])
            // A new job is as good as any.
            let second = try await queue.submit(Workplace.request(), owner: nil).id
            #expect(await queue.finish([second]).map(\.state) == [.done])
        }
    }

    @Test func aJobThatKillsItsProcessIsSetAside() async throws {
        try await withTemporaryFolder { folder in
            let place = Workplace(folder)
            let id = try await place.queue().submit(Workplace.request(), owner: nil).id
            let folder = "\(folder)/spool/queue/\(id)"
            func ending(attempts: Int, crashes: Int, mark: String = "0:0:0") async throws -> Job? {
                let state = """
                    {"version": 1, "state": "running", "attempts": \(attempts),
                     "crashes": \(crashes), "mark": "\(mark)"}
                    """
                try write(state, to: folder + "/state.json")
                try write("", to: folder + "/crashed")
                return try await place.queue().finish([id]).first
            }
            let crashed = try #require(await ending(attempts: 3, crashes: 2))
            #expect(
                crashed.state == .failed && crashed.error?.contains("3 times by a crash") == true)
            let killed = try #require(await ending(attempts: 10, crashes: 0))
            #expect(killed.state == .failed && killed.error?.contains("10 times") == true)
            #expect(try await ending(attempts: 9, crashes: 2, mark: "0:1:0")?.state == .done)
        }
    }

    @Test func finishedJobsLeaveTheOldestFirst() async throws {
        try await withTemporaryFolder { folder in
            var place = Workplace(folder)
            place.configuration.keptJobs = 2
            var ids: [String] = []
            do {
                let queue = try place.queue()
                for seed in 0..<4 {
                    let request = Workplace.request(steps: 1, seed: UInt64(seed))
                    ids.append(try await queue.submit(request, owner: nil).id)
                }
                _ = await queue.finish(ids)
                #expect(queue.jobs().map(\.id) == Array(ids[2...]))
                #expect(namesInFolder(folder + "/spool/queue") == Array(ids[2...]))
            }
            place.configuration.keptJobs = 100
            place.configuration.spoolBytes = 1
            // The newest stays, whatever its size.
            let next = try await place.nextQueue()
            #expect(next.jobs().map(\.id) == [ids[3]])
        }
    }
}
