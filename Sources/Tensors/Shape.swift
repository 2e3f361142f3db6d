/// The extent of an activation: images of pixels of channels, channels last (NHWC).
///
/// A sequence of tokens is an image one pixel high: [N, 1, T, C].
package struct Shape: Equatable, Sendable, CustomStringConvertible {
    package var images: Int
    package var height: Int
    package var width: Int
    package var channels: Int

    package init(images: Int, height: Int, width: Int, channels: Int) {
        self.images = images
        self.height = height
        self.width = width
        self.channels = channels
    }

    /// A batch of token sequences, [N, T, C].
    package init(images: Int, tokens: Int, channels: Int) {
        self.init(images: images, height: 1, width: tokens, channels: channels)
    }

    /// Pixels (or tokens) of one image.
    package var pixels: Int { height * width }
    /// Pixels of all images.
    package var rows: Int { images * pixels }
    /// Elements of all images.
    package var count: Int { rows * channels }

    /// The same pixels with another number of channels.
    package func with(channels: Int) -> Shape {
        Shape(images: images, height: height, width: width, channels: channels)
    }

    package var description: String { "[\(images), \(height), \(width), \(channels)]" }
}
