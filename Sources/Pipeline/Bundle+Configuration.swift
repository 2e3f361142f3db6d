internal import Models
internal import Samplers
internal import WeightStore

extension Bundle {
    /// Runs `body`, which makes something of what `bundle.json` says, and lets an error about that name
    /// the file.
    func readingConfiguration<Value>(_ body: () throws -> Value) throws -> Value {
        func named(_ problem: any Error) -> PipelineError {
            .configuration(file: "\(path)/\(Bundle.fileName)", problem: "\(problem)")
        }
        do {
            return try body()
        } catch let error as ModelError {
            throw named(error)
        } catch let error as SamplerError {
            switch error {
            case .unknownName, .invalidValue: throw named(error)
            case .stepCount, .timestepOutOfRange, .unsupportedPrediction, .missingTable:
                throw error
            }
        }
    }
}
