import CPages
import Testing
import WeightStore

/// The description that the daemon gives of itself.
struct DescriptionTests {
    private func description() throws -> JSONValue {
        let document = cpages_openapi
        return try JSONValue.parse(
            UnsafeRawBufferPointer(start: document.bytes, count: document.size),
            source: "openapi.json")
    }

    @Test func referencesLeadSomewhere() throws {
        let whole = try description()
        var found = 0
        func check(_ value: JSONValue) {
            for element in value.array ?? [] { check(element) }
            guard let object = value.object else { return }
            for (key, value) in object {
                guard key == "$ref", let text = value.string else {
                    check(value)
                    continue
                }
                found += 1
                let path = text.split(separator: "/").dropFirst().map(String.init)
                let target = path.reduce(Optional(whole)) { $0?[$1] }
                #expect(target != nil, "\(text)")
            }
        }
        check(whole)
        #expect(found > 50)
    }

    @Test func operationsHaveNamesOfTheirOwn() throws {
        var names: Set<String> = []
        for (path, item) in try #require(try description()["paths"]?.object) {
            for (method, operation) in item.object ?? [:] where method != "parameters" {
                let name = try #require(operation["operationId"]?.string, "\(method) \(path)")
                #expect(names.insert(name).inserted, "\(name)")
                #expect(operation["responses"]?["default"] != nil, "\(method) \(path)")
            }
        }
    }
}
