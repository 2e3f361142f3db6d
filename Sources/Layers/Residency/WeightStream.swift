internal import Synchronization
internal import Tensors
package import WeightStore

/// Brings a stage's weights into memory ahead of the layers that read them, and takes them out behind.
///
/// The order of reading is known from a rehearsal and comes round again with each denoising step. Some
/// layers' weights stay in memory, as many as the budget allows; the others pass through a window of
/// what is left of it: a helper reads as far ahead as the window has room, and a layer's pages leave the
/// process and the system's file cache when the next layer begins. (Keeping what was read last would
/// keep nothing: in a round each page is the one read longest ago when it is needed again.)
package final class WeightStream: WeightSource {
    private struct Layer {
        let ranges: [Range<Int>]
        /// What is read for it, and the pages that leave behind it.
        let segments: [Range<Int>]
        let passing: [Range<Int>]
        let passingBytes: Int
    }

    private struct State {
        /// Layers that were begun, and layers that the helper was sent for.
        var begun = 0
        var ordered = 0
        /// Bytes of the window that are taken.
        var windowBytes = 0
    }

    private let file: MappedFile
    private let layers: [Layer]
    private let residency: WeightResidency
    private let state = Mutex(State())
    private let helper = Errands()

    /// - Parameter order: what each layer reads, in the order of the layers.
    package init(_ file: MappedFile, order: [[Range<Int>]], residency: WeightResidency) {
        self.file = file
        self.residency = residency
        layers = order.map { ranges in
            let passing = residency.passing(ranges)
            return Layer(
                ranges: ranges, segments: residency.segments(of: ranges), passing: passing.pages,
                passingBytes: passing.bytes)
        }
        if !residency.keepsAll { file.adviseRandom() }
    }

    /// Waits until the layer's weights are there. Layers come in the order that was given (trap).
    package func require(_ ranges: [Range<Int>]) {
        state.withLock { state in
            precondition(layer(state.begun).ranges == ranges, "not the rehearsed order")
            if state.begun > 0 { leave(layer(state.begun - 1), &state) }
            state.begun += 1
            while state.ordered < state.begun || hasRoomAhead(state) { order(&state) }
        }
        helper.waitForNext()
    }

    /// Ends the stage: all of the file leaves the process, and the file cache where memory is short.
    package func finish() {
        helper.finish()
        residency.keepsAll ? file.adviseDontNeed(0..<file.count) : file.uncache(0..<file.count)
    }

    private func layer(_ number: Int) -> Layer { layers[number % layers.count] }

    private func hasRoomAhead(_ state: State) -> Bool {
        state.ordered < state.begun + layers.count - 1
            && state.windowBytes + layer(state.ordered).passingBytes <= residency.window
    }

    private func order(_ state: inout State) {
        let next = layer(state.ordered)
        let isThere = next.passing.isEmpty && state.ordered >= layers.count
        state.windowBytes += next.passingBytes
        state.ordered += 1
        helper.give { [file] in
            if !isThere { next.segments.forEach(file.load) }
        }
    }

    private func leave(_ layer: Layer, _ state: inout State) {
        layer.passing.forEach(file.uncache)
        state.windowBytes -= layer.passingBytes
    }
}
