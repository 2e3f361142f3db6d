#include "cpng.h"
#include "cpng_guard.h"

#include <stdio.h>
#include <stdlib.h>

// What libpng may hold at once for one picture: rows, palette, zlib, text. Compressed text could
// otherwise ask for megabytes with every kilobyte of the file.
enum { MEMORY_BUDGET = 64 << 20, LARGEST_CHUNK = 8 << 20, MOST_TEXTS = 256 };

// Deflate makes at most 1032 bytes of one.
enum { HIGHEST_EXPANSION = 1032 };

struct cpng_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t size;
    size_t position;
    size_t held;
    uint64_t max_pixels;
    uint8_t *pixels;
    png_textp texts;
    size_t text_count;
    cpng_shape shape;
    int passes;
    char message[CPNG_MESSAGE_SIZE];
};

// Stands before each block that libpng takes, so that the budget gets its bytes back.
typedef union {
    size_t size;
    max_align_t aligned;
} block_head;

static png_voidp take(png_structp png, png_alloc_size_t size) {
    cpng_reader *const reader = png_get_mem_ptr(png);
    if (size > MEMORY_BUDGET - reader->held)
        return NULL;
    block_head *const head = malloc(sizeof(block_head) + size);
    if (head == NULL)
        return NULL;
    head->size = size;
    reader->held += size;
    return head + 1;
}

static void give(png_structp png, png_voidp block) {
    cpng_reader *const reader = png_get_mem_ptr(png);
    block_head *const head = (block_head *)block - 1;
    reader->held -= head->size;
    free(head);
}

static void supply(png_structp png, png_bytep out, size_t count) {
    cpng_reader *const reader = png_get_io_ptr(png);
    if (count > reader->size - reader->position)
        png_error(png, "the file ends early");
    const uint8_t *const from = reader->bytes + reader->position;
    for (size_t i = 0; i < count; i++)
        out[i] = from[i];
    reader->position += count;
}

cpng_reader *cpng_reader_create(const uint8_t *bytes, size_t size) {
    cpng_reader *const reader = calloc(1, sizeof(cpng_reader));
    if (reader == NULL)
        return NULL;
    reader->bytes = bytes;
    reader->size = size;
    reader->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reader->message, cpng_fail,
                                           cpng_ignore, reader, take, give);
    reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
    if (reader->info == NULL) {
        cpng_reader_destroy(reader);
        return NULL;
    }
    return reader;
}

void cpng_reader_destroy(cpng_reader *reader) {
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader);
}

// The limits are checked here rather than by libpng because its message for them says only "Invalid
// IHDR data".
static void check_size(cpng_reader *reader) {
    const png_structp png = reader->png;
    const uint32_t width = png_get_image_width(png, reader->info);
    const uint32_t height = png_get_image_height(png, reader->info);
    char message[CPNG_MESSAGE_SIZE];
    if (width > CPNG_MAX_SIDE || height > CPNG_MAX_SIDE ||
        (uint64_t)width * height > reader->max_pixels) {
        snprintf(message, sizeof(message),
                 "%ux%u pixels are too many: at most %d a side and %llu in all are read", width,
                 height, CPNG_MAX_SIDE, (unsigned long long)reader->max_pixels);
        png_error(png, message);
    }
    const uint64_t stored = (uint64_t)png_get_rowbytes(png, reader->info) * height;
    if (stored / HIGHEST_EXPANSION > reader->size) {
        snprintf(message, sizeof(message), "%zu bytes cannot hold the %ux%u pixels they claim",
                 reader->size, width, height);
        png_error(png, message);
    }
}

// Chunks that change nothing here; skipping them leaves their parsers unused.
static void skip_unused_chunks(png_structp png) {
    static const png_byte names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0oFFs\0pCAL\0pHYs\0sBIT\0"
                                    "sCAL\0sPLT\0sRGB\0sTER\0tIME";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof(names) / 5);
}

static void header_work(void *context) {
    cpng_reader *const reader = context;
    const png_structp png = reader->png;
    png_set_read_fn(png, reader, supply);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_cache_max(png, MOST_TEXTS);
    png_set_chunk_malloc_max(png, LARGEST_CHUNK);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    skip_unused_chunks(png);
    png_read_info(png, reader->info);
    check_size(reader);

    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    reader->passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
    reader->shape.width = png_get_image_width(png, reader->info);
    reader->shape.height = png_get_image_height(png, reader->info);
    reader->shape.channels = png_get_channels(png, reader->info);
    const size_t row = (size_t)reader->shape.width * reader->shape.channels;
    if (png_get_rowbytes(png, reader->info) != row)
        png_error(png, "its pixels cannot be brought to 8 bits a channel");
}

bool cpng_read_header(cpng_reader *reader, uint64_t max_pixels) {
    reader->max_pixels = max_pixels;
    return cpng_guard(reader->png, header_work, reader);
}

cpng_shape cpng_reader_shape(const cpng_reader *reader) {
    return reader->shape;
}

static void pixels_work(void *context) {
    cpng_reader *const reader = context;
    const size_t row = (size_t)reader->shape.width * reader->shape.channels;
    for (int pass = 0; pass < reader->passes; pass++)
        for (size_t y = 0; y < reader->shape.height; y++)
            png_read_row(reader->png, reader->pixels + y * row, NULL);
    png_read_end(reader->png, reader->info);

    int count = 0;
    png_get_text(reader->png, reader->info, &reader->texts, &count);
    reader->text_count = (size_t)count;
}

bool cpng_read_pixels(cpng_reader *reader, uint8_t *pixels) {
    reader->pixels = pixels;
    return cpng_guard(reader->png, pixels_work, reader);
}

size_t cpng_reader_text_count(const cpng_reader *reader) {
    return reader->text_count;
}

cpng_text cpng_reader_text(const cpng_reader *reader, size_t index) {
    const png_text *const text = &reader->texts[index];
    const bool utf8 = text->compression >= PNG_ITXT_COMPRESSION_NONE;
    return (cpng_text){
        .key = text->key,
        .value = text->text,
        .length = utf8 ? text->itxt_length : text->text_length,
        .utf8 = utf8,
    };
}

const char *cpng_reader_message(const cpng_reader *reader) {
    return reader->message;
}
