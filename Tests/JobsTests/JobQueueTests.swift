import Pictures
import Pipeline
import Tensors
import TestSupport
import Testing
import WeightStore

@testable import Jobs

@Suite struct JobQueueTests {
    @Test func drawsWhatTheLibraryDraws() async throws {
        try await withTemporaryFolder { folder in
            let queue = try Workplace(folder).queue()
            var request = Workplace.request()
            (request.upscale, request.count) = (true, 2)
            let accepted = try await queue.submit(request, owner: .init(uid: 1, gid: 2, pid: 3))
            #expect(accepted.state == .queued && accepted.request.sampler == "ddim")
            #expect(accepted.request.upscaler == "realesr-animevideov3-x4")
            let job = try #require(await queue.finish([accepted.id]).first)
            #expect(job.state == .done && job.images.map(\.seed) == [5, 6] && job.error == nil)
            #expect(job.owner == JobOwner(uid: 1, gid: 2, pid: 3))
            let expected = try ownPictures(request)
            for index in 0..<2 {
                let png = try queue.picture(job.id, index)
                #expect(try decodePNG(png).picture == expected[index])
                #expect(job.images[index].sha256 == SHA256.digest(of: png))
                #expect(job.images[index].byteCount == png.count)
            }
            #expect(queue.imageFile(job.id, 2) == nil && queue.imageFile("x", 0) == nil)
        }
    }

    @Test func whatIsNotSaidIsTheBundles() async throws {
        try await withTemporaryFolder { folder in
            var place = Workplace(folder)
            place.configuration.library = ModelLibrary(folders: [folder, Workplace.models])
            place.configuration.defaultModel = "tuned"
            try Workplace.model("\(folder)/tuned", defaults: ["steps": 3, "sampler": "euler"])
            let queue = try place.queue()
            let request = try await queue.submit(JobRequest(prompt: "a"), owner: nil).request
            #expect(request.sampler == "euler" && request.steps == 3)
            var other = JobRequest(prompt: "a")
            (other.sampler, other.steps) = ("heun", 2)
            let given = try await queue.submit(other, owner: nil).request
            #expect(given.sampler == "heun" && given.steps == 2)
        }
    }

    private func ownPictures(_ request: JobRequest) throws -> [Picture] {
        let executor = Executor(threads: 1)
        let library = ModelLibrary(folders: [Workplace.models])
        let painter = TextToImage(
            try DiffusionBundle(try library.open("emoji-zh")), on: executor)
        let upscaler = try PictureUpscaler(
            try library.open("realesr-animevideov3-x4"), on: executor)
        let plan = try painter.plan(
            GenerationRequest(
                prompt: request.prompt, steps: request.steps ?? 0, guidance: request.guidance ?? 0,
                seed: request.seed ?? 0, count: request.count), upscaler: upscaler)
        var pictures: [Picture] = []
        try painter.run(plan) { pictures.append(try upscaler($0.picture, plan: plan.stages)) }
        return pictures
    }

    @Test func enlargesAPicture() async throws {
        try await withTemporaryFolder { folder in
            let queue = try Workplace(folder).queue()
            var request = JobRequest(task: .enlarge)
            let pixels = (0..<5 * 7 * 3).map { UInt8($0 * 2) }
            request.image = try encodePNG(
                Picture(width: 5, height: 7, channels: 3, pixels: pixels))
            let id = try await queue.submit(request, owner: nil).id
            let job = try #require(await queue.finish([id]).first)
            let picture = try decodePNG(try queue.picture(id)).picture
            #expect(job.state == .done && picture.width == 20 && picture.height == 28)
        }
    }

    @Test func beginsWithAPicture() async throws {
        try await withTemporaryFolder { folder in
            let queue = try Workplace(folder).queue()
            let source = Picture(
                width: 70, height: 67, channels: 3,
                pixels: (0..<70 * 67 * 3).map { UInt8(truncatingIfNeeded: $0 / 70) })
            var request = Workplace.request(steps: 10)
            (request.image, request.strength) = (try encodePNG(source), 0.3)
            let accepted = try await queue.submit(request, owner: nil)
            let job = try #require(await queue.finish([accepted.id]).first)
            #expect(job.state == .done && job.request.strength == 0.3)
            let drawn = try decodePNG(try queue.picture(job.id))
            #expect(drawn.picture.width == job.request.width && drawn.picture.width <= 70)
            #expect(drawn.text("parameters")?.contains("Denoising strength: 0.3") == true)
            #expect(try readFile(queue.spool.inputFile(job.id, .image)) == request.image)
        }
    }

    /// Also by a daemon that knows of the job only from the disk.
    @Test func paintsUnderAMask() async throws {
        try await withTemporaryFolder { folder in
            var place = Workplace(folder)
            let source = Picture(
                width: 64, height: 64, channels: 3, pixels: .init(repeating: 9, count: 64 * 64 * 3))
            let mask = Picture(
                width: 64, height: 64, channels: 1,
                pixels: (0..<64 * 64).map { $0 % 64 < 32 ? 0 : 255 })
            var request = Workplace.request(steps: 4)
            (request.image, request.mask) = (try encodePNG(source), try encodePNG(mask))
            let queue = try place.queue()
            let masked = try await queue.submit(request, owner: nil).id
            request.mask = nil
            let whole = try await queue.submit(request, owner: nil).id
            try copy(queue.spool.folder, to: folder + "/other")
            place.configuration.spool = folder + "/other"
            let other = try place.queue()
            let jobs = await queue.finish([masked, whole]) + other.finish([masked])
            #expect(jobs.allSatisfy { $0.state == .done })
            #expect(jobs.map { $0.request.mask != nil } == [true, false, true])
            #expect(try other.picture(masked) == queue.picture(masked))
            #expect(try queue.picture(whole) != queue.picture(masked))
            #expect(try readFile(other.spool.inputFile(masked, .mask)) == encodePNG(mask))
        }
    }

    /// What a process leaves behind that is killed at any step: a copy of the spool at that moment.
    @Test(arguments: [0, 1, 3, 6])
    func aKilledProcessIsFollowedByTheSameBytes(_ step: Int) async throws {
        try await withTemporaryFolder { folder in
            let place = Workplace(folder)
            let queue = try place.queue()
            let id = try await queue.submit(Workplace.request(), owner: nil).id
            async let drawing: Void = queue.run()
            var copied = false
            for await job in try #require(queue.updates(of: id)) {
                let done = job.progress.map { $0.stage == "denoise" ? $0.step : -1 } ?? -1
                guard !copied, step == 0 || done >= step || job.state.isFinal else { continue }
                copied = true
                try copy(queue.spool.folder, to: folder + "/other")
            }
            queue.stop()
            await drawing
            #expect(copied)
            var other = place
            other.configuration.spool = folder + "/other"
            let second = try other.queue()
            let job = try #require(await second.finish([id]).first)
            #expect(job.state == .done)
            #expect(try second.picture(id) == queue.picture(id))
            let files = namesInFolder("\(folder)/other/queue/\(id)")
            #expect(files == ["image-0.png", "request.json", "state.json"])
        }
    }

    /// Enlarging goes on below the strips that are on the disk, and gives the same picture.
    @Test(arguments: [1, 3]) func aLongEnlargingGoesOn(_ count: Int) async throws {
        try await withTemporaryFolder { folder in
            let source = Picture(
                width: 40, height: 150, channels: 3,
                pixels: (0..<40 * 150 * 3).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
            var request = JobRequest(task: .enlarge)
            request.image = try encodePNG(source)
            let queue = try Workplace(folder).queue()
            let id = try await queue.submit(request, owner: nil).id
            let accepted = try #require(queue.job(id)).request
            var tags = queue.painter.tags(of: accepted)
            tags["picture"] = "0"
            let strips = Strips(spool: queue.spool, id: id, tags: tags, interval: 0)
            #expect(strips.load(size: (160, 600)).isEmpty)
            let whole = try enlarged(source, keeping: strips, count)
            #expect(strips.stored == count)
            #expect(await queue.finish([id]).map(\.state) == [.done])
            #expect(try decodePNG(queue.picture(id)).picture == whole)
            #expect(strips.stored == 0)
        }
    }

    /// The whole result, of which `strips` keeps the first few offers.
    private func enlarged(_ source: Picture, keeping strips: Strips, _ count: Int) throws -> Picture
    {
        let library = ModelLibrary(folders: [Workplace.models])
        let upscaler = try PictureUpscaler(
            try library.open("realesr-animevideov3-x4"), on: Executor(threads: 2))
        let plan = try upscaler.plan(width: source.width, height: source.height, limit: nil)
        return try upscaler(source, plan: plan) { rows in
            strips.stored < count && strips.offer(rows)
        }
    }

    /// Strips of another picture, or made with other weights, are of no use.
    @Test func foreignStripsAreNotTaken() async throws {
        try await withTemporaryFolder { folder in
            let queue = try Workplace(folder).queue()
            let id = try await queue.submit(Workplace.request(), owner: nil).id
            let picture = Picture(
                width: 8, height: 4, channels: 3, pixels: Array(repeating: 7, count: 96))
            let strips = Strips(spool: queue.spool, id: id, tags: ["a": "b"], interval: 0)
            #expect(strips.load(size: (8, 16)).isEmpty && strips.offer { picture })
            func taken(_ tags: [String: String], _ size: (width: Int, height: Int)) -> Int {
                Strips(spool: queue.spool, id: id, tags: tags, interval: 0).load(size: size).count
            }
            #expect(taken(["a": "b"], (8, 16)) == 1)
            #expect(taken(["a": "c"], (8, 16)) == 0)
            #expect(taken(["a": "b"], (9, 16)) == 0)
            #expect(taken(["a": "b"], (8, 3)) == 0)
        }
    }

    private func copy(_ source: String, to target: String) throws {
        for id in namesInFolder(source + "/queue") {
            try makePrivateFolders("\(target)/queue/\(id)")
            // The state comes first: what it tells of is there, and stays.
            let files = namesInFolder("\(source)/queue/\(id)")
            for file in ["state.json"] + files.filter({ $0 != "state.json" }) {
                // Between listing and reading, a checkpoint may be replaced or a hidden file gone.
                guard let bytes = try? readFile("\(source)/queue/\(id)/\(file)") else { continue }
                try AtomicFile.writeAtomically(bytes, to: "\(target)/queue/\(id)/\(file)")
            }
        }
    }

    @Test func aStoppedQueueGoesOnWhereItWas() async throws {
        try await withTemporaryFolder { folder in
            let place = Workplace(folder)
            var ids: [String] = []
            do {
                let queue = try place.queue()
                for seed in 1...2 {
                    let request = Workplace.request(steps: 40, seed: UInt64(seed))
                    ids.append(try await queue.submit(request, owner: nil).id)
                }
                async let drawing: Void = queue.run()
                for await job in try #require(queue.updates(of: ids[0]))
                where job.progress?.stage == "denoise" && (job.progress?.step ?? 0) >= 2 { break }
                queue.stop()
                await drawing
                #expect(queue.job(ids[0])?.state == .queued)
                await #expect(throws: JobError.stopping) {
                    _ = try await queue.submit(Workplace.request(), owner: nil)
                }
            }
            let queue = try await place.nextQueue()
            #expect(queue.jobs().map(\.id) == ids && queue.jobs().map(\.position) == [0, 1])
            let updates = try #require(queue.updates(of: ids[0]))
            async let firstStep: Int = {
                for await job in updates {
                    if let progress = job.progress, progress.stage == "denoise" {
                        return progress.step
                    }
                }
                return 0
            }()
            let jobs = await queue.finish(ids)
            #expect(jobs.map(\.state) == [.done, .done])
            #expect(await firstStep >= 2)
        }
    }

    @Test func aJobIsCancelledWaitingAndRunning() async throws {
        try await withTemporaryFolder { folder in
            let queue = try Workplace(folder).queue()
            var ids: [String] = []
            for _ in 0..<3 {
                ids.append(
                    try await queue.submit(Workplace.request(steps: 150), owner: nil).id)
            }
            #expect(queue.job(ids[2])?.position == 2)
            #expect(try await queue.cancel(ids[1])?.state == .cancelled)
            #expect(queue.job(ids[2])?.position == 1)
            async let drawing: Void = queue.run()
            for await job in try #require(queue.updates(of: ids[0])) where job.progress != nil {
                break
            }
            #expect(try await queue.cancel(ids[0])?.state == .cancelled)
            #expect(try await queue.cancel(ids[2])?.state == .cancelled)
            #expect(try await queue.cancel(ids[2])?.state == .cancelled)
            #expect(try await queue.cancel("none") == nil)
            queue.stop()
            await drawing
            #expect(queue.jobs(state: .cancelled).map(\.id) == ids)
            #expect(queue.jobs(after: ids[0], limit: 1).map(\.id) == [ids[1]])
        }
    }

    @Test func refusesWhatIsBeyondItsBounds() async throws {
        try await withTemporaryFolder { folder in
            var place = Workplace(folder)
            (place.configuration.queueLength, place.configuration.pixels) = (2, 64 * 64)
            let queue = try place.queue()
            func refusal(_ change: (inout JobRequest) -> Void) async -> String? {
                var request = Workplace.request()
                change(&request)
                do {
                    _ = try await queue.submit(request, owner: nil)
                } catch .refused(let problem) {
                    return problem.field
                } catch {
                    return "\(error)"
                }
                return nil
            }
            #expect(await refusal { $0.steps = 151 } == "steps")
            #expect(await refusal { $0.steps = 0 } == "steps")
            #expect(await refusal { $0.count = 17 } == "count")
            #expect(await refusal { $0.count = .min } == "count")
            #expect(await refusal { $0.width = 128 } == "width")
            #expect(await refusal { ($0.width, $0.height) = (.max, .max) } == "width")
            #expect(await refusal { $0.image = [1, 2] } == "image")
            let black = try encodePNG(
                Picture(width: 1, height: 1, channels: 1, pixels: [0]))
            #expect(await refusal { ($0.image, $0.mask) = (black, [1]) } == "mask")
            #expect(await refusal { ($0.image, $0.mask) = (black, black) } == "mask")
            #expect(await refusal { $0.depthMap = [1] } == "depth_map")
            #expect(await refusal { $0.depthMap = black } == "depth_map")
            #expect(await refusal { $0.width = 63 } == "width")
            #expect(await refusal { $0.guidance = -1 } == "guidance")
            #expect(await refusal { $0.sampler = "best" } == "sampler")
            #expect(await refusal { $0.upscaler = "emoji-zh" } == "upscaler")
            #expect(await refusal { $0.model = "realesr-animevideov3-x4" } == "model")
            #expect(await refusal { $0.model = "../Models/emoji-zh" }?.contains("no model") == true)
            #expect(
                await refusal {
                    $0 = JobRequest(task: .enlarge); $0.image = []
                } == "image")
            #expect(queue.jobs().isEmpty && namesInFolder(folder + "/spool/queue").isEmpty)
            for _ in 0..<2 { #expect(await refusal { _ in } == nil) }
            #expect(await refusal { _ in }?.contains("too many jobs") == true)
        }
    }
}
