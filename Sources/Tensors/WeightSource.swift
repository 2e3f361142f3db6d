/// Where a stage's layers have their weights from; each layer tells it what it is about to read.
package protocol WeightSource: Sendable {
    /// Makes these bytes of the stage's weight file ready; those of the call before are done with.
    func require(_ ranges: [Range<Int>])
}
