#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What is at `path`, symbolic links followed, with its article; nil if nothing can be found there.
func kindOfItem(at path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? kind(of: status.st_mode) : nil
}

/// Exchanges two names in one step; false where the file system or the C library cannot.
func exchange(_ first: String, _ second: String) -> Bool {
    // The function is hidden behind a feature macro that Swift's module does not set.
    typealias Call =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32
    guard let symbol = dlsym(nil, "renameat2") else { return false }
    let renameat2 = unsafeBitCast(symbol, to: Call.self)
    let exchangeFlag: UInt32 = 2
    return renameat2(AT_FDCWD, first, AT_FDCWD, second, exchangeFlag) == 0
}

/// Removes a folder and all in it without following symbolic links; what cannot be removed stays.
func removeFolder(_ path: String) {
    if let folder = opendir(path) {
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { removeItem("\(path)/\(name)") }
        }
        closedir(folder)
    }
    rmdir(path)
}

private func removeItem(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) {
        removeFolder(path)
    } else {
        unlink(path)
    }
}
