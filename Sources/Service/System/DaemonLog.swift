import CoreMetrics
import Logging
import WeightStore

/// The log of a daemon, on standard error.
package struct DaemonLog: Sendable {
    let logger: Logger

    /// Sets up the process's log, once.
    /// - Parameter isVerbose: whether each request is told.
    package init(isVerbose: Bool) {
        let forJournal = environmentVariable("JOURNAL_STREAM") != nil
        LoggingSystem.bootstrap { _ in ServiceLog(forJournal: forJournal) }
        var logger = Logger(label: "inkstone")
        logger.logLevel = isVerbose ? .debug : .info
        self.logger = logger
    }

    /// Tells what an operator should know.
    package func warn(_ message: String) { logger.warning("\(message)") }
}
