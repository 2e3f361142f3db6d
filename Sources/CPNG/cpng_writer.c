#include "cpng.h"
#include "cpng_guard.h"

#include <stdlib.h>
#include <string.h>

struct cpng_writer {
    png_structp png;
    png_infop info;
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    cpng_shape shape;
    const uint8_t *pixels;
    png_text text;
    char message[CPNG_MESSAGE_SIZE];
};

static void append(png_structp png, png_bytep bytes, size_t count) {
    cpng_writer *const writer = png_get_io_ptr(png);
    if (count > writer->capacity - writer->size) {
        const size_t capacity = 2 * writer->capacity + count + 4096;
        uint8_t *const moved = realloc(writer->bytes, capacity);
        if (moved == NULL)
            png_error(png, "no memory is left for the file");
        writer->bytes = moved;
        writer->capacity = capacity;
    }
    memcpy(writer->bytes + writer->size, bytes, count);
    writer->size += count;
}

static void flush(png_structp png) {
    (void)png;
}

cpng_writer *cpng_writer_create(void) {
    cpng_writer *const writer = calloc(1, sizeof(cpng_writer));
    if (writer == NULL)
        return NULL;
    writer->png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, writer->message, cpng_fail, cpng_ignore);
    writer->info = writer->png ? png_create_info_struct(writer->png) : NULL;
    if (writer->info == NULL) {
        cpng_writer_destroy(writer);
        return NULL;
    }
    return writer;
}

void cpng_writer_destroy(cpng_writer *writer) {
    png_destroy_write_struct(&writer->png, &writer->info);
    free(writer->bytes);
    free(writer);
}

static void text_work(void *context) {
    cpng_writer *const writer = context;
    png_set_text(writer->png, writer->info, &writer->text, 1);
}

bool cpng_writer_add_text(cpng_writer *writer, const char *key, const char *value, bool utf8) {
    // libpng's struct has no const but it only copies.
    writer->text = (png_text){
        .compression = utf8 ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE,
        .key = (png_charp)(uintptr_t)key,
        .text = (png_charp)(uintptr_t)value,
    };
    return cpng_guard(writer->png, text_work, writer);
}

static int color_type(uint32_t channels) {
    switch (channels) {
    case 1:
        return PNG_COLOR_TYPE_GRAY;
    case 3:
        return PNG_COLOR_TYPE_RGB;
    default:
        return PNG_COLOR_TYPE_RGB_ALPHA;
    }
}

static void write_work(void *context) {
    cpng_writer *const writer = context;
    const png_structp png = writer->png;
    const cpng_shape shape = writer->shape;
    png_set_write_fn(png, writer, append, flush);
    png_set_user_limits(png, CPNG_MAX_SIDE, CPNG_MAX_SIDE);
    png_set_IHDR(png, writer->info, shape.width, shape.height, 8, color_type(shape.channels),
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, writer->info);
    const size_t row = (size_t)shape.width * shape.channels;
    for (size_t y = 0; y < shape.height; y++)
        png_write_row(png, writer->pixels + y * row);
    png_write_end(png, NULL);
}

bool cpng_write(cpng_writer *writer, cpng_shape shape, const uint8_t *pixels) {
    writer->shape = shape;
    writer->pixels = pixels;
    return cpng_guard(writer->png, write_work, writer);
}

const uint8_t *cpng_writer_bytes(const cpng_writer *writer, size_t *size) {
    *size = writer->size;
    return writer->bytes;
}

const char *cpng_writer_message(const cpng_writer *writer) {
    return writer->message;
}
