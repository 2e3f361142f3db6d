/// The files of a tokenizer.
package struct TokenizerFiles: Sendable {
    /// One file.
    package struct File: Equatable, Sendable {
        /// Upstream's file name.
        package let name: String
        /// Its content.
        package let bytes: [UInt8]
    }

    /// `BertTokenizer` or `CLIPTokenizer`.
    package let className: String
    /// Their contents, to be kept verbatim.
    package let files: [File]
}
