import Terminal
import Testing

struct ProgressBarTests {
    /// Twelve of 25 steps of 830 ms each on a terminal of `width` columns.
    private func drawn(
        stage: String = "unet", width: Int, color: Bool = false
    ) throws -> String {
        let clock = FakeClock()
        return try captured { fd in
            var bar = ProgressBar(
                to: fd, isTerminal: true, width: width, color: color, now: clock.now)
            for step in 0...12 {
                bar.update(stage: stage, step: step, of: 25)
                clock.advance(.milliseconds(step < 12 ? 830 : 0))
            }
        }
    }

    @Test func barShowsStageStepsSpeedAndTimeLeft() throws {
        let lines = try screen(drawn(width: 80))
        #expect(
            lines == ["unet [##############----------------] 12/25  830 ms/step  11 s left"])
    }

    @Test(arguments: [
        (47, "unet [####-----] 12/25  830 ms/step  11 s left"),
        (46, "unet [###-----] 12/25  830 ms/step  11 s left"),
        (45, "unet [#########-----------] 12/25  11 s left"),
        (33, "unet [###-----] 12/25  11 s left"),
        (32, "unet 12/25  11 s left"),
        (22, "unet 12/25  11 s left"),
        (21, "unet 12/25"),
        (11, "unet 12/25"),
        (10, "une 12/25"),
        (7, "12/25"),
        (4, "12/"),
        (1, "1"),
    ])
    func narrowTerminalsGetLess(width: Int, expected: String) throws {
        #expect(try screen(drawn(width: width)) == [expected])
    }

    @Test func noWidthIsOverrun() throws {
        for width in 2...100 {
            for stage in ["unet", "熊猫画", "a stage of a long name", "放大放大放大放大放大"] {
                let line = try screen(drawn(stage: stage, width: width))[0]
                #expect(displayWidth(line) < width, "\(width) \(stage)")
            }
        }
    }

    @Test func chineseStageNamesAreCutByColumns() throws {
        #expect(try screen(drawn(stage: "文本编码器画图", width: 16)) == ["文本编.. 12/25"])
        #expect(try screen(drawn(stage: "文本编码器画图", width: 8)) == ["12/25"])
    }

    @Test func oneLineIsRedrawn() throws {
        let output = try drawn(width: 60)
        #expect(!output.contains("\n"))
        #expect(output.split(separator: "\r").count == 13)
        #expect(output.split(separator: "\r").allSatisfy { $0.hasSuffix("\u{1B}[K") })
    }

    @Test func cursorIsNeverHidden() throws {
        #expect(try !drawn(width: 60).contains("\u{1B}[?25"))
    }

    @Test func colorEndsWhereTheBarEnds() throws {
        let plain = try drawn(width: 60)
        let colored = try drawn(width: 60, color: true)
        #expect(colored != plain && screen(colored) == screen(plain))
        #expect(colored.contains("\u{1B}[0m] 12/25"))
        #expect(!plain.contains("\u{1B}[0m"))
    }

    @Test func quickStepsAreNotDrawnOneByOne() throws {
        let clock = FakeClock()
        let output = try captured { fd in
            var bar = ProgressBar(to: fd, isTerminal: true, width: 80, color: false, now: clock.now)
            for step in 0...1000 {
                bar.update(stage: "upscale", step: step, of: 1000)
                clock.advance(.milliseconds(1))
            }
        }
        let drawings = output.split(separator: "\r")
        #expect((10...15).contains(drawings.count))
        #expect(drawings.last?.contains("1000/1000") == true)
    }

    @Test func finishTakesTheBarAwayAndPrintsTheMessage() throws {
        let output = try captured { fd in
            var bar = ProgressBar(to: fd, isTerminal: true, width: 80, color: false)
            bar.update(stage: "unet", step: 3, of: 25)
            bar.finish(message: "熊猫.png\nwritten")
        }
        #expect(screen(output) == ["熊猫.png written", ""])
    }

    @Test func finishWithoutAMessageLeavesNothing() throws {
        let output = try captured { fd in
            var bar = ProgressBar(to: fd, isTerminal: true, width: 80, color: false)
            bar.update(stage: "unet", step: 3, of: 25)
            bar.finish()
            bar.finish()
        }
        #expect(screen(output) == [""])
    }

    @Test func notesStandAboveTheBar() throws {
        let output = try captured { fd in
            var bar = ProgressBar(to: fd, isTerminal: true, width: 12, color: false)
            bar.update(stage: "unet", step: 0, of: 25)
            bar.note("the prompt was cut")
        }
        #expect(screen(output) == ["the prompt was cut", "unet 0/25"])
    }

    @Test func stageNamesCannotSteerTheTerminal() throws {
        let output = try captured { fd in
            var bar = ProgressBar(to: fd, isTerminal: true, width: 80, color: false)
            bar.update(stage: "a\u{1B}[2Jb\r\nc", step: 0, of: 2)
        }
        #expect(output.hasPrefix("\ra\u{FFFD}[2Jb c ["))
    }
}

struct ProgressLineTests {
    private func printed(
        _ body: (inout ProgressBar, FakeClock) -> Void
    ) throws -> [String] {
        let clock = FakeClock()
        let output = try captured { fd in
            var bar = ProgressBar(to: fd, isTerminal: false, now: clock.now)
            body(&bar, clock)
        }
        #expect(!output.contains("\r") && !output.contains("\u{1B}"))
        return output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func run(
        _ bar: inout ProgressBar, _ clock: FakeClock, stage: String, steps: Int, each: Duration
    ) {
        bar.update(stage: stage, step: 0, of: steps)
        for step in 1...steps {
            clock.advance(each)
            bar.update(stage: stage, step: step, of: steps)
        }
    }

    @Test func quickStagesGetOneLineEach() throws {
        let lines = try printed { bar, clock in
            run(&bar, clock, stage: "text", steps: 1, each: .milliseconds(40))
            run(&bar, clock, stage: "unet", steps: 25, each: .milliseconds(190))
            run(&bar, clock, stage: "解码", steps: 1, each: .seconds(2))
            bar.finish(message: "panda.png")
        }
        #expect(
            lines == [
                "text: took 40 ms", "unet: 25/25, 190 ms/step, took 4.75 s", "解码: took 2.00 s",
                "panda.png", "",
            ])
    }

    @Test func slowStagesGetALineEachTenth() throws {
        let lines = try printed { bar, clock in
            run(&bar, clock, stage: "unet", steps: 50, each: .seconds(10))
        }
        #expect(lines.count == 11)
        #expect(lines[0] == "unet: 5/50, 10.0 s/step, 7 min 30 s left")
        #expect(lines[9] == "unet: 50/50, 10.0 s/step, took 8 min 20 s")
    }

    @Test func linesAreFiveSecondsApart() throws {
        let lines = try printed { bar, clock in
            run(&bar, clock, stage: "unet", steps: 100, each: .milliseconds(200))
        }
        #expect(
            lines.map { $0.prefix(12) } == [
                "unet: 25/100", "unet: 50/100", "unet: 75/100", "unet: 100/10", "",
            ])
    }

    @Test func aStageLeftEarlyIsToldHowFarItCame() throws {
        let lines = try printed { bar, clock in
            bar.update(stage: "unet", step: 0, of: 25)
            clock.advance(.seconds(1))
            bar.update(stage: "unet", step: 1, of: 25)
            bar.finish()
        }
        #expect(lines == ["unet: 1/25, 1.00 s/step, 24 s left", ""])
    }

    @Test func theSameStageAgainStartsAnew() throws {
        let lines = try printed { bar, clock in
            run(&bar, clock, stage: "unet", steps: 2, each: .seconds(1))
            run(&bar, clock, stage: "unet", steps: 2, each: .seconds(3))
        }
        #expect(
            lines == [
                "unet: 2/2, 1.00 s/step, took 2.00 s", "unet: 2/2, 3.00 s/step, took 6.00 s", "",
            ])
    }

    @Test func aStageHeardOfAtItsEndIsDone() throws {
        let lines = try printed { bar, _ in bar.update(stage: "text", step: 1, of: 1) }
        #expect(lines == ["text: done", ""])
    }

    @Test func aPipeIsNoTerminal() throws {
        let output = try captured { fd in
            #expect(!isTerminal(fd))
            var bar = ProgressBar(to: fd)
            bar.update(stage: "text", step: 1, of: 1)
        }
        #expect(output == "text: done\n")
    }
}
