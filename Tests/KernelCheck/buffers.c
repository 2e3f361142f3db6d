/// A case's memory, laid so that a kernel which leaves its operands is found out.
#include "kernel_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { most_buffers = 64, guard = 128, poison = 0xff };

/// `before` + `bytes` + `after` bytes from `block` on; `mapped` bytes of whole pages, or from the
/// heap.
typedef struct buffer {
    unsigned char *block;
    size_t bytes, before, after, mapped;
} buffer;

static buffer buffers[most_buffers];
static size_t buffer_count;

static void *keep(buffer b) {
    if (buffer_count == most_buffers || !b.block) {
        fprintf(stderr, "kernel-check: no room for a buffer of %zu bytes\n", b.bytes);
        exit(2);
    }
    buffers[buffer_count++] = b;
    memset(b.block + b.before, poison, b.bytes);
    return b.block + b.before;
}

static void *on_the_heap(size_t bytes, size_t before, size_t after) {
    void *block = NULL;
    const size_t some = 1; // A block even for nothing.
    if (posix_memalign(&block, 64, before + bytes + after + (bytes ? 0 : some)) != 0) {
        block = NULL;
    }
    if (block) {
        memset(block, poison, before + bytes + after);
    }
    return keep((buffer){.block = block, .bytes = bytes, .before = before, .after = after});
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_HEAP_INPUTS
#endif
#endif

#ifdef CHECK_HEAP_INPUTS

void *check_input(size_t bytes, size_t offset) {
    return on_the_heap(bytes, offset, 0);
}

#else

/// The sanitizer sees no loads of intrinsics that the processor masks; the page behind the last
/// byte stops them all, under qemu too.
void *check_input(size_t bytes, size_t offset) {
    (void)offset; // The end is given, and with it the beginning.
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), data = (bytes + page - 1) / page * page;
    void *block =
        mmap(NULL, data + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED || mprotect((char *)block + data, page, PROT_NONE) != 0) {
        block = NULL;
    }
    return keep(
        (buffer){.block = block, .bytes = bytes, .before = data - bytes, .mapped = data + page});
}

#endif

float *check_input_f32(size_t count, size_t offset, check_kind kind) {
    float *x = check_input(count * sizeof *x, offset * sizeof *x);
    check_fill_f32(count, x, kind);
    return x;
}

void *check_output(size_t bytes, size_t offset) {
    return on_the_heap(bytes, guard + offset, guard);
}

static void look_at_guards(const buffer *b) {
    for (size_t i = 0; i < b->before; i++) {
        if (b->block[i] != poison) {
            check_fail("wrote %zu bytes before an output of %zu bytes", b->before - i, b->bytes);
            return;
        }
    }
    for (size_t i = 0; i < b->after; i++) {
        if (b->block[b->before + b->bytes + i] != poison) {
            check_fail("wrote %zu bytes past an output of %zu bytes", i + 1, b->bytes);
            return;
        }
    }
}

void check_free_buffers(void) {
    for (size_t i = 0; i < buffer_count; i++) {
        if (buffers[i].mapped) {
            munmap(buffers[i].block, buffers[i].mapped);
            continue;
        }
        if (buffers[i].after) {
            look_at_guards(&buffers[i]);
        }
        free(buffers[i].block);
    }
    buffer_count = 0;
}
