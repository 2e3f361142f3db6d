// Lets file operations fail, to be loaded before the C library: LD_PRELOAD=libfault.so.
//
//   FAULT_PREFIX  operations on paths that begin with it are counted, from 1,
//   FAULT_AT      the number of the one that fails (0: none),
//   FAULT_ERRNO   the errno it fails with,
//   FAULT_STICKS  1: every later one fails as well but those that remove, as on a full disk,
//   FAULT_LOG     a file to which each counted operation writes a line.
//
// Counted are those that change a disk: opening for writing, write, fsync, rename, mkdir, link,
// unlink.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long operations;

static long number_in(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

// By system call: the functions of this file would count it.
static void record(long number, const char *operation, const char *path, bool failed) {
    const char *log = getenv("FAULT_LOG");
    char line[PATH_MAX + 64];
    if (log == NULL) {
        return;
    }
    int length = snprintf(line, sizeof line, "%ld %s %s%s\n", number, operation, path,
                          failed ? " FAILED" : "");
    long file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0) {
        (void)syscall(SYS_write, file, line, (size_t)length);
        (void)syscall(SYS_close, file);
    }
}

// Counts an operation and says whether it is to fail; errno is set where it is.
static bool fails(const char *operation, const char *path) {
    const char *prefix = getenv("FAULT_PREFIX");
    int before = errno;
    if (prefix == NULL || path == NULL || strncmp(path, prefix, strlen(prefix)) != 0) {
        return false;
    }
    long number = atomic_fetch_add(&operations, 1) + 1;
    long at = number_in("FAULT_AT");
    bool removes = strcmp(operation, "unlink") == 0;
    bool sticks = number_in("FAULT_STICKS") == 1 && !removes;
    bool failing = at > 0 && (number == at || (number > at && sticks));
    record(number, operation, path, failing);
    errno = failing ? (int)number_in("FAULT_ERRNO") : before;
    return failing;
}

static bool fails_at(const char *operation, int folder, const char *path) {
    char link[64], whole[PATH_MAX];
    if (path[0] == '/' || folder == AT_FDCWD) {
        return fails(operation, path);
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, whole, sizeof whole - 1);
    if (length < 0 || (size_t)length + strlen(path) + 2 > sizeof whole) {
        return false;
    }
    whole[length] = '/';
    strcpy(whole + length + 1, path);
    return fails(operation, whole);
}

static bool fails_on(const char *operation, int file) {
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) {
        return false;
    }
    path[length] = 0;
    return fails(operation, path);
}

// The function of the C library that the one of this name stands before.
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPENING(name, parameters, path, arguments, folder)                                         \
    int name parameters {                                                                          \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                     \
            va_list rest;                                                                          \
            va_start(rest, flags);                                                                 \
            mode = va_arg(rest, mode_t);                                                           \
            va_end(rest);                                                                          \
        }                                                                                          \
        if ((flags & (O_CREAT | O_TRUNC)) && fails_at("open", folder, path)) {                     \
            return -1;                                                                             \
        }                                                                                          \
        return REAL(name) arguments;                                                               \
    }

OPENING(open, (const char *path, int flags, ...), path, (path, flags, mode), AT_FDCWD)
OPENING(open64, (const char *path, int flags, ...), path, (path, flags, mode), AT_FDCWD)
OPENING(openat, (int folder, const char *path, int flags, ...), path, (folder, path, flags, mode),
        folder)
OPENING(openat64, (int folder, const char *path, int flags, ...), path, (folder, path, flags, mode),
        folder)

#define FAILING(type, name, parameters, condition, arguments)                                      \
    type name parameters {                                                                         \
        return condition ? -1 : REAL(name) arguments;                                              \
    }

FAILING(ssize_t, write, (int file, const void *bytes, size_t size), fails_on("write", file),
        (file, bytes, size))
FAILING(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t offset),
        fails_on("write", file), (file, bytes, size, offset))
FAILING(ssize_t, pwrite64, (int file, const void *bytes, size_t size, off64_t offset),
        fails_on("write", file), (file, bytes, size, offset))
FAILING(ssize_t, writev, (int file, const struct iovec *parts, int count), fails_on("write", file),
        (file, parts, count))
FAILING(int, fsync, (int file), fails_on("fsync", file), (file))
FAILING(int, fdatasync, (int file), fails_on("fsync", file), (file))
FAILING(int, ftruncate, (int file, off_t size), fails_on("truncate", file), (file, size))
FAILING(int, ftruncate64, (int file, off64_t size), fails_on("truncate", file), (file, size))
FAILING(int, rename, (const char *from, const char *to), fails("rename", to), (from, to))
FAILING(int, renameat, (int from_folder, const char *from, int to_folder, const char *to),
        fails_at("rename", to_folder, to), (from_folder, from, to_folder, to))
FAILING(int, renameat2,
        (int from_folder, const char *from, int to_folder, const char *to, unsigned flags),
        fails_at("rename", to_folder, to), (from_folder, from, to_folder, to, flags))
FAILING(int, mkdir, (const char *path, mode_t mode), fails("mkdir", path), (path, mode))
FAILING(int, mkdirat, (int folder, const char *path, mode_t mode), fails_at("mkdir", folder, path),
        (folder, path, mode))
FAILING(int, link, (const char *from, const char *to), fails("link", to), (from, to))
FAILING(int, linkat, (int from_folder, const char *from, int to_folder, const char *to, int flags),
        fails_at("link", to_folder, to), (from_folder, from, to_folder, to, flags))
FAILING(int, unlink, (const char *path), fails("unlink", path), (path))
FAILING(int, unlinkat, (int folder, const char *path, int flags), fails_at("unlink", folder, path),
        (folder, path, flags))
FAILING(int, rmdir, (const char *path), fails("unlink", path), (path))
