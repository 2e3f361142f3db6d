import Testing

@testable import WeightStore

private func parse(_ text: String) throws -> JSONValue { try .parse(Array(text.utf8)) }

@Suite struct JSONParserTests {
    @Test func everyKindOfValueIsRead() throws {
        let value = try parse(
            " { \"a\" : [ 1 , -2.5 , true , false , null ] ,\t\"b\":{},\r\n\"c\":\"x\", \"d\":[] } "
        )
        #expect(value["a"] == [1, -2.5, true, false, nil])
        #expect(value["b"] == [:])
        #expect(value["c"]?.string == "x")
        #expect(value["d"]?.array == [])
        #expect(value["e"] == nil)
        #expect(value.object?.keys == ["a", "b", "c", "d"])
    }

    @Test(arguments: [
        ("0", JSONValue.integer(0)), ("-1", .integer(-1)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("1000000000000000019884624838656", .number(1_000_000_000_000_000_019_884_624_838_656)),
        ("1e2", .number(100)), ("1.0", .number(1)), ("0.1", .number(0.1)),
        ("1E-05", .number(1e-5)), ("-0.0", .number(-0.0)), ("1e-999", .number(0)),
        ("5e-324", .number(.leastNonzeroMagnitude)),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
    ])
    func numbersAreReadExactly(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test func negativeZeroKeepsItsSign() throws {
        #expect(try parse("-0").double?.sign == .minus)
    }

    @Test(arguments: [
        "01", "-", "-01", "+1", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "1_0", "--1", "NaN",
        "Infinity", "-Infinity", "1e999", "-1e999", "1 2",
    ])
    func textsThatOnlyResembleNumbersAreRefused(text: String) {
        expectError("not valid JSON", "at byte") { _ = try parse(text) }
    }

    @Test func nanIsNamedInTheMessage() {
        expectError("NaN and Infinity are not JSON at byte 5") { _ = try parse("{\"a\":NaN}") }
    }

    @Test(arguments: [
        (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u4F60""#, "é你"),
        (#""\ud83d\ude00!""#, "😀!"), ("\"熊猫\"", "熊猫"), (#""a\u0000b""#, "a\0b"),
        (#""\uFFFF""#, "\u{ffff}"),
        (#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10ffff}"),
    ])
    func stringsAreRead(text: String, value: String) throws {
        #expect(try parse(text) == .string(value))
    }

    @Test(arguments: [
        #"""#, #""\"#, #""\""#, #""\x""#, #""\u12"#, #""\u12g4""#, #""\ud800""#, #""\udc00""#,
        #""\ud800\u0041""#, #""\ud800x""#, "\"a\nb\"", "\"\u{1}\"", "'a'", #""\U0041""#,
    ])
    func brokenStringsAreRefused(text: String) {
        expectError("not valid JSON", "at byte") { _ = try parse(text) }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE4, 0xBD, 0x22],
            [0x22, 0x5C, 0x6E, 0xFF, 0x22],
        ] as [[UInt8]])
    func stringsThatAreNotUTF8AreRefused(bytes: [UInt8]) {
        expectError("not UTF-8 at byte 1") { _ = try JSONValue.parse(bytes) }
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "tru", "nul", "True", "[1 2]", "//x\n1",
        "{}{}", "]", "\u{feff}{}", "{\"a\":1]", "[1}", "\u{c}1",
    ])
    func brokenStructureIsRefused(text: String) {
        expectError("not valid JSON", "at byte") { _ = try parse(text) }
    }

    @Test func errorsNameSourceAndByteOffset() {
        expectError("config.json is not valid JSON: expected a value at byte 7") {
            _ = try JSONValue.parse(Array("{\"é\": x}".utf8), source: "config.json")
        }
    }

    @Test func keysThatAreThereTwiceAreRefused() {
        expectError("key \"a\" is there twice at byte 8") { _ = try parse(#"{"a":1, "\u0061":2}"#) }
        let many = (0..<50).map { "\"k\($0)\":0" }.joined(separator: ",")
        for key in ["k0", "k8", "k9", "k49"] {
            expectError("key \"\(key)\" is there twice") { _ = try parse("{\(many),\"\(key)\":1}") }
        }
    }

    @Test func nestingIsReadUpToTheLimit() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(64))
        expectError("nested deeper than 64 at byte 64") { _ = try parse(nested(65)) }
        expectError("nested deeper") {
            _ = try parse(String(repeating: "{\"a\":", count: 1_000_000))
        }
    }

    @Test func sizesAreLimited() throws {
        var limits = JSONLimits()
        limits.valueCount = 4
        _ = try JSONValue.parse(Array("[1,2,3]".utf8), limits: limits)
        expectError("more than 4 values") {
            _ = try JSONValue.parse(Array("[1,2,3,4]".utf8), limits: limits)
        }
        limits.byteCount = 6
        expectError("too long: 7 bytes, at most 6") {
            _ = try JSONValue.parse(Array("[1,2,3]".utf8), limits: limits)
        }
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        expectError("key \"\\u{1b}[31m\"") {
            _ = try parse(#"{"\u001b[31m":1,"\u001b[31m":1}"#)
        }
    }
}

@Suite struct JSONValueTests {
    @Test func integralNumbersAreIntegersToReaders() {
        #expect(JSONValue.number(4).int == 4)
        #expect(JSONValue.number(4.5).int == nil)
        #expect(JSONValue.number(1e30).int == nil)
        #expect(JSONValue.integer(4).double == 4)
        #expect(JSONValue.string("4").int == nil)
        #expect(JSONValue.bool(true).int == nil)
    }

    @Test func objectsKeepOrderThroughChanges() {
        var object = JSONObject()
        for index in (0..<30).reversed() { object["k\(index)"] = .integer(Int64(index)) }
        object["k7"] = nil
        object["k9"] = "nine"
        object["k7"] = "seven"
        #expect(object.count == 30)
        #expect(object.keys.first == "k29")
        #expect(object.keys.last == "k7")
        #expect(object["k9"] == "nine")
        for index in 10..<30 { #expect(object["k\(index)"] == .integer(Int64(index))) }
        for index in 0..<30 { object["k\(index)"] = nil }
        #expect(object.isEmpty)
    }

    @Test func equalityIgnoresTheOrderOfKeys() {
        #expect(["a": 1, "b": 2] as JSONObject == ["b": 2, "a": 1])
        #expect(["a": 1, "b": 2] as JSONObject != ["a": 1, "b": 3])
        #expect(["a": 1] as JSONObject != ["a": 1, "b": nil])
    }

    @Test func keysAreComparedByTheirBytes() {
        var object: JSONObject = ["\u{e9}": 1]
        object["e\u{301}"] = 2
        #expect(object.count == 2)
        #expect(object["\u{e9}"] == 1)
    }
}

@Suite struct JSONSerializerTests {
    private let sample: JSONObject = [
        "a": [1, 2.5, "x\"\\\n\t\u{1}\u{7f}/熊"], "b": [:], "c": [], "d": nil, "e": ["f": true],
    ]

    @Test func compactTextHasNoWhiteSpace() {
        #expect(
            String(decoding: sample.serialized(), as: UTF8.self)
                == #"{"a":[1,2.5,"x\"\\\n\t\u0001\u007f/熊"],"b":{},"c":[],"d":null,"e":{"f":true}}"#
        )
    }

    @Test func prettyTextIsIndentedByTwo() {
        #expect(
            String(decoding: sample.serialized(pretty: true), as: UTF8.self) == """
                {
                  "a": [
                    1,
                    2.5,
                    "x\\"\\\\\\n\\t\\u0001\\u007f/熊"
                  ],
                  "b": {},
                  "c": [],
                  "d": null,
                  "e": {
                    "f": true
                  }
                }

                """)
    }

    @Test func whatIsWrittenIsReadBackEqual() throws {
        #expect(try JSONValue.parse(sample.serialized()) == .object(sample))
        #expect(try JSONValue.parse(sample.serialized(pretty: true)) == .object(sample))
    }

    @Test func numbersRoundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bits = generator.next()
            let number = Double(bitPattern: bits)
            guard number.isFinite else { continue }
            let read = try JSONValue.parse(JSONValue.number(number).serialized())
            #expect(read.double?.bitPattern == bits, "\(bits)")
            let integer = JSONValue.integer(Int64(bitPattern: bits))
            #expect(try JSONValue.parse(integer.serialized()) == integer, "\(bits)")
        }
    }

    @Test func numbersThatJSONCannotHoldBecomeNull() {
        #expect(JSONValue.number(.nan).serialized() == Array("null".utf8))
        #expect(JSONValue.number(.infinity).serialized() == Array("null".utf8))
    }
}

@Suite struct PythonConstantTests {
    @Test func readsPythonsConstantsAsNullOnlyWhenAsked() throws {
        let text = Array(#"{"a": NaN, "b": -Infinity, "c": Infinity, "d": -1}"#.utf8)
        let value = try JSONValue.parse(text, limits: .python)
        #expect(value == ["a": nil, "b": nil, "c": nil, "d": -1])
        #expect(throws: WeightError.self) { try JSONValue.parse(text) }
    }
}
