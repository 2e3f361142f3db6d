// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// Targets that hold no pointer at all say so, and the compiler keeps them to it.
let safeSwift = swift + [.strictMemorySafety()]

// Optimised in debug builds too, where tests quantise millions of weights: 20 times slower without.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

// -O3 in debug builds too: unoptimised kernels run 130 times slower.
let kernels: [CSetting] = [
    .unsafeFlags(["-O3"]),
    .headerSearchPath("."),
    .enableWarning("all"),
    .enableWarning("extra"),
    .treatAllWarnings(as: .error),
    .define("NDEBUG", .when(configuration: .release)),
]

let package = Package(
    name: "inkstone",
    products: [
        .library(name: "Inkstone", targets: ["Pipeline"]),
        .executable(name: "inkstone", targets: ["inkstone"]),
        .executable(name: "inkstone-quantize", targets: ["inkstone-quantize"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // Bottom to top; a target imports only what stands above it in this list.
        .target(name: "CKernels", path: "CKernels", publicHeadersPath: ".", cSettings: kernels),
        .target(name: "CPNG", cSettings: kernels, linkerSettings: [.linkedLibrary("png")]),
        .target(name: "WeightStore", swiftSettings: swift),
        .target(name: "Tensors", dependencies: ["CKernels"], swiftSettings: swift),
        .target(
            name: "Layers", dependencies: ["CKernels", "WeightStore", "Tensors"],
            swiftSettings: swift),
        .target(name: "Tokenizers", dependencies: ["WeightStore"], swiftSettings: safeSwift),
        .target(
            name: "Models", dependencies: ["WeightStore", "Tensors", "Layers"],
            swiftSettings: safeSwift),
        .target(name: "Samplers", swiftSettings: safeSwift),
        .target(name: "Pictures", dependencies: ["CPNG"], swiftSettings: swift),
        .target(name: "Terminal", swiftSettings: swift),
        .target(
            name: "Pipeline",
            dependencies: [
                "WeightStore", "Tensors", "Layers", "Tokenizers", "Models", "Samplers", "Pictures",
            ],
            swiftSettings: safeSwift),
        .target(
            name: "Jobs",
            dependencies: [
                "WeightStore", "Tensors", "Models", "Samplers", "Pictures", "Pipeline",
            ],
            swiftSettings: swift),
        .target(name: "UnixSockets", dependencies: ["WeightStore"], swiftSettings: swift),
        .target(
            name: "Quantizer", dependencies: ["WeightStore"],
            path: "Quantizer/Library", swiftSettings: swift + optimised),
        .executableTarget(
            name: "inkstone",
            dependencies: [
                "Pipeline", "Models", "Pictures", "Samplers", "Tensors", "Terminal", "WeightStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swift),
        .executableTarget(
            name: "inkstone-quantize",
            dependencies: [
                "Quantizer", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Quantizer/Command", swiftSettings: swift),
        .executableTarget(
            name: "quality",
            dependencies: [
                "Pipeline", "Quantizer", "Terminal", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Quality", swiftSettings: swift),
        .target(
            name: "TestSupport", dependencies: ["WeightStore"], path: "Tests/Support",
            swiftSettings: swift),
        .testTarget(
            name: "WeightStoreTests", dependencies: ["WeightStore"],
            swiftSettings: swift),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Tokenizers", "WeightStore"],
            swiftSettings: swift),
        .testTarget(
            name: "SamplersTests", dependencies: ["Samplers", "WeightStore"],
            swiftSettings: swift),
        .testTarget(
            name: "PicturesTests", dependencies: ["Pictures"],
            swiftSettings: swift),
        .testTarget(
            name: "TerminalTests", dependencies: ["Terminal"],
            swiftSettings: swift),
        .testTarget(
            name: "QuantizerTests", dependencies: ["Quantizer", "WeightStore", "TestSupport"],
            swiftSettings: swift),
        .testTarget(
            name: "LayersTests", dependencies: ["Layers", "Tensors", "WeightStore", "TestSupport"],
            swiftSettings: swift),
        .testTarget(
            name: "ModelsTests",
            dependencies: [
                "Models", "Layers", "Tensors", "WeightStore", "Quantizer", "TestSupport",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Pipeline", "Quantizer", "WeightStore", "Pictures", "Samplers", "Tensors",
                "TestSupport",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "Jobs", "Pipeline", "Pictures", "Tensors", "WeightStore", "TestSupport",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "inkstone", "inkstone-quantize", "WeightStore", "Pictures", "TestSupport",
            ],
            swiftSettings: swift),
    ]
)
