/// What can be wrong with a schedule that was asked for.
package enum SamplerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A number of steps outside 1…`limit`.
    case stepCount(Int, limit: Int)
    /// A name that a key of the scheduler configuration does not know.
    case unknownName(key: String, found: String, known: [String])
    /// A number of the scheduler configuration that makes no schedule.
    case invalidValue(key: String, found: String, expected: String)
    /// A sampler that cannot work with the checkpoint's way of prediction.
    case unsupportedPrediction(sampler: String, found: String, supported: [String])
    /// A timestep the model was never trained for, the outcome of spacing, offset and steps.
    case timestepOutOfRange(timestep: Int, trained: Int, steps: Int)
    /// No table for so many steps, where steps go by a table.
    case missingTable(steps: Int, known: [Int])

    package var description: String {
        switch self {
        case .stepCount(let steps, let limit):
            "steps: expected 1 to \(limit), found \(steps)"
        case .unknownName(let key, let found, let known):
            "scheduler configuration, \(key): expected one of \(known.joined(separator: ", ")), "
                + "found \"\(found)\""
        case .invalidValue(let key, let found, let expected):
            "scheduler configuration, \(key): expected \(expected), found \(found)"
        case .unsupportedPrediction(let sampler, let found, let supported):
            "sampler \(sampler): expected a model with prediction_type "
                + "\(supported.joined(separator: " or ")), found \(found); choose another sampler"
        case .timestepOutOfRange(let timestep, let trained, let steps):
            "\(steps) steps lead to timestep \(timestep), but the model knows 0 to \(trained - 1); "
                + "ask for fewer steps"
        case .missingTable(let steps, let known):
            "sampler olss: expected "
                + (known.isEmpty
                    ? "a model with a table for it, which inkstone-quantize --olss adds; "
                        + "choose another sampler"
                    : "one of its tables' numbers of steps, "
                        + known.map(String.init).joined(separator: ", "))
                + ", found \(steps) steps"
        }
    }
}
