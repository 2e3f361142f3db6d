import Terminal
import Testing

struct TextTests {
    // Widths as Python's unicodedata and the wcwidth package give them.
    @Test(arguments: [
        ("", 0), ("abc", 3), ("熊猫", 4), ("，", 2), ("ｱ", 1), ("Ａ", 2), ("한글", 4), ("é", 1),
        ("e\u{301}", 1), ("😀", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("🇨🇳", 2), ("👩\u{200D}👩\u{200D}👧", 2),
        ("§", 1),
        ("〾", 2), ("𠀀", 2), ("\u{200B}", 0), ("█", 1), ("⌛", 2), ("ひらがな", 8),
    ])
    func widthsCountColumns(text: String, width: Int) {
        #expect(displayWidth(text) == width, "\(text)")
    }

    @Test func controlCharactersTakeNoColumn() {
        #expect(displayWidth("\u{1B}\u{7F}\u{9B}\n") == 0)
    }

    @Test func shorteningNeverOverruns() {
        for text in [
            "panda", "熊猫蓝色背景", "a熊b猫c", "👩\u{200D}👩\u{200D}👧👩\u{200D}👩\u{200D}👧👩\u{200D}👩\u{200D}👧",
        ] {
            for columns in 0...14 {
                let short = shortened(text, to: columns)
                #expect(displayWidth(short) <= columns, "\(text) \(columns)")
                #expect(short == text || displayWidth(text) > columns)
            }
        }
        #expect(shortened("熊猫蓝色", to: 7) == "熊猫..")
        #expect(shortened("熊猫蓝色", to: 3) == "熊")
    }

    @Test func oneLineTamesControls() {
        #expect(oneLine("a\r\nb\nc\td\u{1B}[2J\u{202E}") == "a b c d\u{FFFD}[2J\u{FFFD}")
        #expect(oneLine("熊猫 👩\u{200D}👩\u{200D}👧") == "熊猫 👩\u{200D}👩\u{200D}👧")
    }

    @Test func columnsLineUp() {
        let text = table(
            header: ["stage", "类型", "bytes"],
            rows: [
                ["text_encoder", "int8", "2.42 MiB"], ["解码器", "f16"], ["a\nb", "混合", "9 B"],
            ],
            alignRight: [2])
        #expect(
            text == """
                stage         类型     bytes
                ------------  ----  --------
                text_encoder  int8  2.42 MiB
                解码器        f16
                a b           混合       9 B

                """)
    }

    @Test func aTableWithoutRowsIsItsHeader() {
        #expect(table(header: ["a", "bc"], rows: []) == "a  bc\n-  --\n")
        #expect(table(header: [], rows: []) == "\n\n")
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (10230, "9.99 KiB"), (10240, "10.0 KiB"),
        (102_400, "100 KiB"), (1_048_063, "1023 KiB"), (1_048_064, "1.00 MiB"),
        (1_350_000_000, "1.26 GiB"), (-2048, "-2.00 KiB"), (Int.max, "8388608 TiB"),
    ])
    func bytesAreReadable(bytes: Int, text: String) {
        #expect(readable(bytes: bytes) == text)
    }

    @Test(arguments: [
        (0.0, "0 ms"), (0.0831, "83 ms"), (0.9994, "999 ms"), (0.9996, "1.00 s"), (9.994, "9.99 s"),
        (9.996, "10.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (125.4, "2 min 05 s"),
        (3599.4, "59 min 59 s"), (3599.6, "1 h 00 min"), (7380, "2 h 03 min"), (-1, "0 ms"),
    ])
    func durationsAreReadable(seconds: Double, text: String) {
        #expect(readable(.seconds(seconds)) == text)
    }

    @Test(arguments: [
        (1.005, 1, "1.0"), (-0.04, 1, "0.0"), (-0.06, 1, "-0.1"), (12.5, 0, "13"),
        (0.07, 3, "0.070"),
        (1e12, 2, "1000000000000.00"), (.infinity, 1, "inf"), (-.infinity, 1, "-inf"),
        (.nan, 1, "nan"), (1e300, 1, "1e+300"),
    ])
    func decimalsAreFixed(value: Double, decimals: Int, text: String) {
        #expect(fixed(value, decimals: decimals) == text)
    }
}
