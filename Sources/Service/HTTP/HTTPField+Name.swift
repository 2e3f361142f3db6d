import HTTPTypes

extension HTTPFields {
    /// The value of a field that the library does not name.
    subscript(field: ForeignField) -> String? {
        get { field.name.flatMap { self[$0] } }
        set { if let name = field.name { self[name] = newValue } }
    }
}

/// Fields that the library does not name.
enum ForeignField: String {
    /// - Source: W3C, Fetch Metadata Request Headers.
    case fetchSite = "Sec-Fetch-Site"
    /// - Source: WHATWG Fetch, section 3.7.
    case resourcePolicy = "Cross-Origin-Resource-Policy"

    fileprivate var name: HTTPField.Name? { HTTPField.Name(rawValue) }
}
