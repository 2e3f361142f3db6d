import ArgumentParser
import Pipeline
import Terminal

/// `inkstone styles`: what can be given to `--style`.
struct StylesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "styles",
        abstract: "List the styles that pictures can be drawn in.",
        discussion: """
            A style brings size, sampler, steps and guidance, and words around the prompt; what is \
            said beside it counts more. Styles stand in the file styles.json of the folders of \
            models, where more can be added.
            """)

    func run() throws {
        let rows = try Style.all().map { style in
            [
                style.name, style.title, "\(style.width)x\(style.height)", style.sampler,
                "\(style.steps)", "\(style.guidance)", style.use, style.pattern,
            ]
        }
        try StandardOutput.write(
            table(
                header: [
                    "style", "名称", "size", "sampler", "steps", "guidance", "for", "prompt",
                ], rows: rows, alignRight: [4, 5]))
    }
}
