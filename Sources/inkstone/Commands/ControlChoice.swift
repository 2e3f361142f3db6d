import ArgumentParser
import Pipeline

/// `NET=PICTURE[:SCALE]`: a ControlNet's name or folder, the picture it follows, and how much.
struct ControlChoice: ExpressibleByArgument {
    let net: String
    let picture: String
    let scale: Double

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            return nil
        }
        net = String(argument[..<equals])
        var rest = argument[argument.index(after: equals)...]
        var scale = 1.0
        // A file's name may have colons of its own.
        if let colon = rest.lastIndex(of: ":"),
            let number = Double(rest[rest.index(after: colon)...])
        {
            guard ControlPicture.allowedScales.contains(number) else { return nil }
            scale = number
            rest = rest[..<colon]
        }
        guard !rest.isEmpty, rest != "-" else { return nil }
        picture = String(rest)
        self.scale = scale
    }
}

/// `LOW,HIGH`: thresholds of Canny's detector.
struct CannyOption: ExpressibleByArgument {
    let thresholds: OutlineThresholds

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2, let low = Int(parts[0]), let high = Int(parts[1]),
            let thresholds = OutlineThresholds(low: low, high: high)
        else { return nil }
        self.thresholds = thresholds
    }
}
