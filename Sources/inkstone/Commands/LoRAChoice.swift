import ArgumentParser
import Pipeline

/// `NAME[:SCALE]`: a LoRA's name or folder, and how much of it is added.
struct LoRAChoice: ExpressibleByArgument {
    let name: String
    let scale: Double

    init?(argument: String) {
        // A folder's path may have colons of its own.
        guard let colon = argument.lastIndex(of: ":"),
            let scale = Double(argument[argument.index(after: colon)...])
        else {
            guard !argument.isEmpty else { return nil }
            (name, scale) = (argument, 1)
            return
        }
        guard colon > argument.startIndex, LoRA.allowedScales.contains(scale) else { return nil }
        name = String(argument[..<colon])
        self.scale = scale
    }
}
