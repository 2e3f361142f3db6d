import HTTPTypes

/// Which methods each address knows, for answers that say so.
struct RouteTable {
    private var routes: [(pattern: [Substring], methods: [HTTPRequest.Method])] = []

    /// Notes a method of an address such as `/v1/jobs/{id}`.
    mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        let pattern = Self.segments(path)
        // Who may be given something may ask for its head.
        let methods = method == .get ? [.get, .head] : [method]
        if let index = routes.firstIndex(where: { $0.pattern == pattern }) {
            routes[index].methods += methods
        } else {
            routes.append((pattern, methods))
        }
    }

    /// The methods of `path`; empty where there is nothing.
    func methods(of path: String) -> [HTTPRequest.Method] {
        let segments = Self.segments(path)
        return routes.first { Self.matches($0.pattern, segments) }?.methods ?? []
    }

    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/") }

    private static func matches(_ pattern: [Substring], _ segments: [Substring]) -> Bool {
        pattern.count == segments.count
            && zip(pattern, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }
}
