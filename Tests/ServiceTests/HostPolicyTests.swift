import Testing

@testable import Service

/// Which names and pages the TCP port answers to.
struct HostPolicyTests {
    private func policy(_ address: String, hasToken: Bool = false) throws -> HostPolicy {
        HostPolicy(
            listeningAt: try #require(NetworkAddress(address)), hasToken: hasToken)
    }

    @Test(arguments: [
        "localhost", "localhost:7860", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9000", "[::1]:7860",
    ])
    func ownNamesAreAnsweredOnAnyPort(host: String) throws {
        #expect(try policy("127.0.0.1:7860").allows(host: host))
    }

    @Test(arguments: [
        nil, "", "evil.example", "evil.example:7860", "localhost.evil.example",
        "127.0.0.1.evil.example", "192.168.1.5:7860", "[::1", "::1",
    ])
    func foreignNamesAreNot(host: String?) throws {
        #expect(try !policy("127.0.0.1:7860").allows(host: host))
    }

    @Test func listenedAddressIsAnOwnName() throws {
        #expect(try policy("192.168.1.5:80", hasToken: true).allows(host: "192.168.1.5"))
        #expect(try !policy("192.168.1.5:80", hasToken: true).allows(host: "evil.example"))
    }

    @Test func tokenStandsInForTheNameOnAllAddresses() throws {
        #expect(try policy("0.0.0.0:80", hasToken: true).allows(host: "board.local"))
        #expect(try !policy("0.0.0.0:80").allows(host: "board.local"))
    }

    @Test(arguments: [
        (nil, nil, true), ("http://localhost:7860", nil, true),
        ("http://LOCALHOST:7860", "same-origin", true), (nil, "none", true),
        ("http://evil.example", nil, false), ("https://localhost:7860", nil, false),
        ("null", nil, false), (nil, "cross-site", false), (nil, "same-site", false),
        ("http://localhost:7860", "cross-site", false), ("http://localhost:1", nil, false),
    ])
    func onlyOwnPagesChangeSomething(
        origin: String?, fetchSite: String?, expected: Bool
    ) throws {
        let allowed = try policy("127.0.0.1:7860").allows(
            origin: origin, fetchSite: fetchSite, host: "localhost:7860")
        #expect(allowed == expected)
    }

    @Test(arguments: [
        "127.0.0.1:7860", "[::1]:80", "localhost:0", "0.0.0.0:65535", "192.168.1.5:80",
    ])
    func addressIsRead(text: String) throws {
        #expect(try #require(NetworkAddress(text)).socketAddress != nil)
    }

    @Test(arguments: [
        "", ":80", "80", "localhost", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "a:-1",
    ])
    func whatIsNoAddressIsNot(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test func loopbackIsKnownByItsNumber() throws {
        for text in ["127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "localhost:1"] {
            #expect(try #require(NetworkAddress(text)).isLoopback, "\(text)")
        }
        for text in ["0.0.0.0:1", "[::]:1", "192.168.1.5:1", "127.evil.example:1"] {
            #expect(try !#require(NetworkAddress(text)).isLoopback, "\(text)")
        }
    }
}
