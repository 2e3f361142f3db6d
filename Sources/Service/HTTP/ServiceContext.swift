import Hummingbird
import Logging

/// What a handler knows of a request beside the request.
struct ServiceContext: RequestContext {
    /// What each request begins with.
    struct Source: RequestContextSource {
        let logger: Logger
        let connection: Connection
    }

    var coreContext: CoreRequestContextStorage
    /// Where the request came from.
    let connection: Connection

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = source.connection
    }
}
