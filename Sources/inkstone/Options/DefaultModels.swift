/// The model that draws where none is named.
let defaultModel = "emoji-zh-128"

/// The model that enlarges pictures where none is named.
let defaultUpscaler = "realesr-animevideov3-x4"
