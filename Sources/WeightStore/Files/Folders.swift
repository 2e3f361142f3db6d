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

/// Splits the target of a write into its folder, which must be there, and its name in it.
func writableTarget(_ path: String) throws(WeightError) -> (folder: String, name: String) {
    let (folder, name) = splitPath(resolved(path) ?? path)
    guard !name.isEmpty, name != ".", name != "..", name != "/" else {
        throw .notAFile(path: path, found: "a folder")
    }
    guard let kind = kindOfItem(at: folder) else {
        throw .system(path: folder, action: "find the folder", code: ENOENT)
    }
    guard kind == "a folder" else {
        throw .system(path: folder, action: "write into", code: ENOTDIR)
    }
    return (folder, name)
}

/// Renames `folder` to `path`; a folder that is there is replaced and removed.
/// - Parameter mayExchange: false does as on a file system that cannot exchange two names.
func moveFolder(
    _ folder: String, to path: String, mayExchange: Bool = true
) throws(WeightError) {
    guard kindOfItem(at: path) != nil else {
        try systemCall("create", path) { rename(folder, path) }
        return
    }
    if mayExchange, exchange(folder, path) {
        removeFolder(folder)
        return
    }
    // The old folder steps aside, and back if need be; for a moment nothing is at `path`.
    let aside = "\(splitPath(path).folder)/.inkstone-replaced-\(randomDigits())"
    try systemCall("replace", path) { rename(path, aside) }
    do throws(WeightError) {
        try systemCall("replace", path) { rename(folder, path) }
    } catch {
        rename(aside, path)
        throw error
    }
    removeFolder(aside)
}

/// Exchanges two names in one step; false where the file system or the C library cannot.
private func exchange(_ first: String, _ second: String) -> Bool {
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
package func removeFolder(_ path: String) {
    for name in names(in: path) { removeItem("\(path)/\(name)") }
    rmdir(path)
}

/// The names in a folder, "." and ".." left out; none if it cannot be read.
private func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
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

/// A hidden folder that its process fills and renames, locked as long as that takes.
///
/// A process that dies leaves its folder behind, unlocked; the next one to work beside it removes it.
struct WorkingFolder: ~Copyable {
    /// The folder.
    let path: String
    private let lock: Descriptor

    /// Makes the folder in `parent`; `target` is what it will become, for messages.
    init(in parent: String, target: String) throws(WeightError) {
        removeAbandoned(in: parent)
        let path = "\(parent)/\(workingPrefix)\(randomDigits())"
        try systemCall("create", target) { mkdir(path, 0o777) }
        lock = try Descriptor(path, O_RDONLY | O_DIRECTORY, action: "open the folder")
        // Where locks are not to be had, an abandoned folder stays; nothing else depends on them.
        _ = flock(lock.number, LOCK_EX | LOCK_NB)
        self.path = path
    }
}

private let workingPrefix = ".inkstone-bundle-"

/// Removes the working folders in `parent` that no process holds. Those younger than an hour are left:
/// they may be between their making and their locking.
private func removeAbandoned(in parent: String) {
    for name in names(in: parent) where name.hasPrefix(workingPrefix) {
        let path = "\(parent)/\(name)"
        guard let folder = try? Descriptor(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, action: ""),
            let status = try? folder.status(), status.st_uid == geteuid(),
            time(nil) - status.st_mtim.tv_sec > 3600, flock(folder.number, LOCK_EX | LOCK_NB) == 0
        else { continue }
        removeFolder(path)
    }
}
