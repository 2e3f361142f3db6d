import Hummingbird
import Jobs

extension Parameters {
    /// The value of a parameter in the address; nil where it is absent.
    func read<Meaning>(
        _ name: String, _ expected: String, _ convert: (String) -> Meaning?
    ) throws(RequestProblem) -> Meaning? {
        guard let text = get(name) else { return nil }
        guard let value = convert(text) else {
            throw RequestProblem(field: name, expected: expected, found: "\"\(text.prefix(40))\"")
        }
        return value
    }
}
