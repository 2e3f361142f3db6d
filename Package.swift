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

// C23's #embed puts files into the program.
let embedding: [CSetting] = [
    .unsafeFlags(["-std=c23"]), .enableWarning("all"), .enableWarning("extra"),
    .treatAllWarnings(as: .error),
]

let serverLibraries: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "CoreMetrics", package: "swift-metrics"),
    .product(name: "Metrics", package: "swift-metrics"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOExtras", package: "swift-nio-extras"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]

let package = Package(
    name: "inkstone",
    products: [
        .library(name: "Inkstone", targets: ["Pipeline"]),
        .executable(name: "inkstone", targets: ["inkstone"]),
        .executable(name: "inkstone-quantize", targets: ["inkstone-quantize"]),
    ],
    traits: [
        .trait(name: "JPEG", description: "Reads JPEG pictures too, through libjpeg-turbo.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Without its traits it brings neither a configuration library nor all of Foundation.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Bottom to top; a target imports only what stands above it in this list.
        .target(name: "CKernels", path: "CKernels", publicHeadersPath: ".", cSettings: kernels),
        .target(name: "CPNG", cSettings: kernels, linkerSettings: [.linkedLibrary("png")]),
        // Compiled without the trait as well, to nothing: libpng stays all that must be installed.
        .target(
            name: "CJPEG",
            cSettings: kernels + [.define("CJPEG_ENABLED", .when(traits: ["JPEG"]))],
            linkerSettings: [.linkedLibrary("jpeg", .when(traits: ["JPEG"]))]),
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
        .target(
            name: "Pictures",
            dependencies: ["CPNG", .target(name: "CJPEG", condition: .when(traits: ["JPEG"]))],
            swiftSettings: swift),
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
            name: "CPages", exclude: ["openapi.json", "page.html"], cSettings: embedding),
        .target(
            name: "Service",
            dependencies: ["WeightStore", "Pictures", "Jobs", "UnixSockets", "CPages"]
                + serverLibraries,
            swiftSettings: swift),
        .target(
            name: "ServiceClient",
            dependencies: [
                "WeightStore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swift),
        .target(
            name: "Quantizer", dependencies: ["WeightStore"],
            path: "Quantizer/Library", swiftSettings: swift + optimised),
        .executableTarget(
            name: "inkstone",
            dependencies: [
                "Pipeline", "Models", "Pictures", "Samplers", "Tensors", "Terminal", "WeightStore",
                "Jobs", "UnixSockets", "Service", "ServiceClient",
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
                "Jobs", "Pipeline", "Pictures", "Quantizer", "Samplers", "Tensors", "WeightStore",
                "TestSupport",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "ServiceClient", "UnixSockets", "CPages", "Jobs", "WeightStore",
                "TestSupport", .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: swift),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "inkstone", "inkstone-quantize", "WeightStore", "Pictures", "TestSupport",
                "ServiceClient",
            ],
            swiftSettings: swift),
    ]
)
