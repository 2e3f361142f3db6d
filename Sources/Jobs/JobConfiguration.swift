package import Pipeline

/// What a daemon works with, and the bounds it keeps to.
package struct JobConfiguration: Sendable {
    /// The folder of jobs; made if it is not there.
    package var spool: String
    /// Where models are looked for.
    package var library: ModelLibrary
    /// Whether requests may give a bundle's folder for a name: a client of a daemon could look about the
    /// disk so.
    package var opensPaths = false
    /// The model of requests that name none.
    package var defaultModel: String
    /// The upscaler of requests that name none, where the model has none of its own.
    package var defaultUpscaler: String
    /// The bundle whose autoencoder decodes previews, of models that it suits; nil for the models' own.
    package var previewVAE: String?
    /// Threads that draw.
    package var threads: Int
    /// Bytes of memory to stay within while drawing; nil for what the machine has.
    package var memoryLimit: Int?
    /// Jobs that may wait or run at once.
    package var queueLength = 100
    /// The most denoising steps of a job.
    package var steps = 150
    /// The most pixels of a drawn picture.
    package var pixels = 1 << 20
    /// The most pixels of a picture to enlarge.
    package var enlargedPixels = 1 << 20
    /// The most pictures of a job.
    package var count = 16
    /// Finished jobs that are kept; the oldest leave first.
    package var keptJobs = 1000
    /// Bytes of the spool beyond which finished jobs leave, the oldest first.
    package var spoolBytes = 1 << 30
    /// Seconds after which finished jobs leave; nil for never.
    package var spoolAge: Int64?
    /// Seconds without a job after which an idle model is closed.
    package var keepAlive = 300
    /// Seconds of enlarging after which what there is of the result goes to the disk.
    package var stripSeconds = 2.0
    /// Is told what an operator should know.
    package var log: @Sendable (_ message: String) -> Void = { _ in }

    package init(
        spool: String, library: ModelLibrary, defaultModel: String, defaultUpscaler: String,
        threads: Int
    ) {
        self.spool = spool
        self.library = library
        self.defaultModel = defaultModel
        self.defaultUpscaler = defaultUpscaler
        self.threads = threads
    }
}
