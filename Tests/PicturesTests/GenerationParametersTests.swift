import Testing

import Pictures

struct GenerationParametersTests {
    private static let panda = GenerationParameters(
        prompt: "熊猫，蓝色背景", negativePrompt: "blurry, 模糊",
        settings: [
            .init("Steps", "25"), .init("Sampler", "DPM++ 2M"), .init("Schedule type", "Karras"),
            .init("CFG scale", GenerationParameters.number(4)), .init("Seed", "1"),
            .init("Size", "64x48"), .init("Model hash", "0123456789"),
            .init("Model", "emoji-zh"), .init("Version", "inkstone 0.1.0"),
        ])

    @Test func textIsTheWebUIs() {
        #expect(
            Self.panda.text == """
                熊猫，蓝色背景
                Negative prompt: blurry, 模糊
                Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4, Seed: 1, \
                Size: 64x48, \
                Model hash: 0123456789, Model: emoji-zh, Version: inkstone 0.1.0
                """)
    }

    @Test func knownSettingsAreRead() {
        let parameters = GenerationParameters(parsing: Self.panda.text)
        #expect(parameters == Self.panda)
        #expect(parameters.steps == 25 && parameters.seed == 1 && parameters.guidance == 4)
        #expect(parameters.sampler == "DPM++ 2M")
        #expect(parameters.size?.width == 64 && parameters.size?.height == 48)
        #expect(parameters["Absent"] == nil)
    }

    @Test func numbersStayShort() {
        #expect(GenerationParameters.number(7) == "7")
        #expect(GenerationParameters.number(7.5) == "7.5")
        #expect(GenerationParameters.number(-0.25) == "-0.25")
        #expect(GenerationParameters.number(1e300) == "1e+300")
    }

    @Test func promptsComeBack() {
        let all = [
            "", " ", "a", "two\nlines", "\nleading", "trailing\n", "carriage\r\nreturn",
            "  kept  blanks ",
            "Steps: 1", "Steps: 1, Sampler: x, Seed: 2", "commas, and: colons", "\"quoted\"", "\\",
            "e\u{301}",
            "👩\u{200D}👩\u{200D}👧", "\u{2028}",
        ]
        for prompt in all {
            var parameters = Self.panda
            parameters.prompt = prompt
            #expect(
                GenerationParameters(parsing: parameters.text) == parameters,
                "\(prompt.debugDescription)")
            parameters.negativePrompt = prompt
            #expect(
                GenerationParameters(parsing: parameters.text) == parameters,
                "\(prompt.debugDescription)")
        }
    }

    @Test func valuesComeBack() {
        let all = [
            "", " ", "a, b", "a: b", "\"", "\"\"", "\"a\"", "say \"hi\", now", "back\\slash,",
            "\\\"",
            "a\nb",
            "\t\u{8}\u{C}\r\u{1}\u{1F}", "熊猫，😀,", "a\0b", "Lora hashes: \"x: 1, y: 2\"",
            "ends with \\",
        ]
        for value in all {
            for place in [0, 1, Self.panda.settings.count] {
                var parameters = Self.panda
                parameters.settings.insert(.init("Extra/key-1", value), at: place)
                #expect(
                    GenerationParameters(parsing: parameters.text) == parameters,
                    "\(value.debugDescription)")
            }
        }
    }

    @Test func valuesAreQuotedAsJSON() {
        let parameters = GenerationParameters(
            prompt: "p",
            settings: [.init("Note", "a, \"b\"\\\n\u{1}砚"), .init("Plain", "a\"b")])
        #expect(parameters.text == "p\n" + #"Note: "a, \"b\"\\\n\u0001砚", Plain: a"b"#)
    }

    @Test func escapesOfOtherWritersAreRead() {
        let line = #"Note: "\u7816\u781a \/ \ud83d\ude00", Bad: "\x", Open: "abc, Steps: 3"#
        let settings = GenerationParameters(parsing: line).settings
        #expect(
            settings == [
                .init("Note", "砖砚 / 😀"), .init("Bad", #""\x""#), .init("Open", #""abc"#),
                .init("Steps", "3"),
            ])
    }

    @Test func whatIsNoSettingIsPassedOver() {
        let line = "junk, (x): 1, a: 2, Model hash: 45dee52b, ::, Size: 1x1,, 采样 器: 欧拉, trailing"
        let settings = GenerationParameters(parsing: line).settings
        #expect(
            settings == [
                .init("Model hash", "45dee52b"), .init("Size", "1x1"), .init("采样 器", "欧拉"),
            ])
    }

    @Test func textWithoutSettingsIsPrompt() {
        let parameters = GenerationParameters(
            parsing: "a: b, a prompt\nNegative prompt: none\nSteps: 4\n")
        #expect(parameters.prompt == "a: b, a prompt")
        #expect(parameters.negativePrompt == "none\nSteps: 4")
        #expect(parameters.settings.isEmpty)
        #expect(GenerationParameters(parsing: "").prompt.isEmpty)
    }

    @Test func nulInAPromptIsReplaced() {
        var parameters = Self.panda
        parameters.prompt = "a\0b"
        #expect(GenerationParameters(parsing: parameters.text).prompt == "a\u{FFFD}b")
    }

    @Test func parametersTravelInAPNG() throws {
        let picture = Picture(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
        let file = try encodePNG(picture, texts: [(key: "parameters", value: Self.panda.text)])
        let text = try #require(try decodePNG(file).text("parameters"))
        #expect(GenerationParameters(parsing: text) == Self.panda)
    }
}
