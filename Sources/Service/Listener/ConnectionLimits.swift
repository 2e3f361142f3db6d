package import NIOCore

/// What a connection may take.
package struct ConnectionLimits: Sendable {
    /// Connections at once; further ones wait to be accepted.
    package var connections = 256
    /// From a connection's beginning to the end of its first request's head.
    package var headTime = TimeAmount.seconds(10)
    /// From a request's head to the end of its body.
    package var bodyTime = TimeAmount.seconds(30)
    /// From an answer to the end of the next request's head.
    package var idleTime = TimeAmount.seconds(60)
    /// Without the client's taking any of an answer that waits for it.
    package var stallTime = TimeAmount.seconds(60)
    /// Bytes of a body that are read at all, so that one that is too large can be answered.
    package var drainedBytes = 64 << 20
    /// Bytes of all header fields.
    package var headBytes = 32 << 10

    /// The usual limits.
    package init() {}
}
