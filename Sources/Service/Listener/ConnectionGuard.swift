import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Keeps a connection within its limits: slow senders are cut, however little they send at a time.
///
/// It also closes the connection behind an answer that says so, and tells clients that wait for it
/// to go on with their body.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    /// For the sender.
    private var deadline: Scheduled<Void>?
    /// For a reader that reads nothing.
    private var stall: Scheduled<Void>?
    private var isReading = false
    /// Requests without a complete answer.
    private var pending = 0
    private var bodyBytes = 0
    private var closesAfterAnswer = false

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { setDeadline(limits.headTime, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        clearDeadlines()
    }

    func channelActive(context: ChannelHandlerContext) {
        setDeadline(limits.headTime, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        clearDeadlines()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReading = true
            pending += 1
            bodyBytes = 0
            setDeadline(limits.bodyTime, context)
            if pending == 1, head.headerFields[.expect]?.lowercased() == "100-continue" {
                let goOn = HTTPResponse(status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
            }
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            guard bodyBytes <= limits.drainedBytes else {
                context.close(promise: nil)
                return
            }
        case .end:
            isReading = false
            deadline?.cancel()
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            closesAfterAnswer = head.headerFields[.connection] == "close"
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            pending -= 1
            context.write(data, promise: promise)
            if closesAfterAnswer {
                context.flush()
                context.close(promise: nil)
            } else if pending == 0, !isReading {
                setDeadline(limits.idleTime, context)
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall =
            context.channel.isWritable ? nil : close(context, after: limits.stallTime)
        context.fireChannelWritabilityChanged()
    }

    /// Whatever is no HTTP becomes the one error that is answered with 400.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isKnown = error is HTTPParserError || error is IOError || error is ChannelError
        context.fireErrorCaught(isKnown ? error : HTTPParserError.unknown)
    }

    private func setDeadline(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = close(context, after: time)
    }

    private func clearDeadlines() {
        deadline?.cancel()
        deadline = nil
        stall?.cancel()
        stall = nil
    }

    private func close(
        _ context: ChannelHandlerContext, after time: TimeAmount
    ) -> Scheduled<Void> {
        context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: time) {
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
