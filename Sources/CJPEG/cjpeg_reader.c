#include "cjpeg.h"

// The package manager compiles every target, so without the trait there must be nothing that needs
// the library.
#ifdef CJPEG_ENABLED

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

// Each scan of a progressive picture goes over all of it, and may take few bytes. Encoders make 10.
enum { MOST_SCANS = 100 };

struct cjpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    const uint8_t *bytes;
    size_t size;
    uint64_t max_pixels;
    uint8_t *pixels;
    cjpeg_shape shape;
    char message[JMSG_LENGTH_MAX];
};

static bool guard(cjpeg_reader *reader, void (*work)(cjpeg_reader *reader)) {
    // Nothing here changes between setjmp and the jump, so no local needs to be volatile.
    if (setjmp(reader->failed))
        return false;
    work(reader);
    return true;
}

__attribute__((noreturn, format(printf, 2, 3))) static void give_up(cjpeg_reader *reader,
                                                                    const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(reader->message, sizeof(reader->message), format, values);
    va_end(values);
    longjmp(reader->failed, 1);
}

static void fail(j_common_ptr jpeg) {
    cjpeg_reader *const reader = jpeg->client_data;
    jpeg->err->format_message(jpeg, reader->message);
    longjmp(reader->failed, 1);
}

// libjpeg warns of damage and paints it gray; what leaves the pixels whole passes without a word.
static void warn(j_common_ptr jpeg, int level) {
    if (level >= 0)
        return;
    switch (jpeg->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
        fail(jpeg);
    }
}

static void ignore(j_common_ptr jpeg) {
    (void)jpeg;
}

static void begin_or_end(j_decompress_ptr jpeg) {
    (void)jpeg;
}

// All bytes are there from the beginning.
static boolean supply(j_decompress_ptr jpeg) {
    give_up(jpeg->client_data, "the file ends early");
}

static void skip(j_decompress_ptr jpeg, long count) {
    if (count <= 0)
        return;
    if ((unsigned long)count > jpeg->src->bytes_in_buffer)
        supply(jpeg);
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

static void count_scans(j_common_ptr jpeg) {
    if (((j_decompress_ptr)jpeg)->input_scan_number > MOST_SCANS)
        give_up(jpeg->client_data, "it has more than %d scans", MOST_SCANS);
}

cjpeg_reader *cjpeg_reader_create(const uint8_t *bytes, size_t size) {
    cjpeg_reader *const reader = calloc(1, sizeof(cjpeg_reader));
    if (reader == NULL)
        return NULL;
    reader->bytes = bytes;
    reader->size = size;
    reader->jpeg.client_data = reader;
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = fail;
    reader->errors.emit_message = warn;
    reader->errors.output_message = ignore;
    reader->source = (struct jpeg_source_mgr){
        .next_input_byte = bytes,
        .bytes_in_buffer = size,
        .init_source = begin_or_end,
        .fill_input_buffer = supply,
        .skip_input_data = skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = begin_or_end,
    };
    reader->progress.progress_monitor = count_scans;
    return reader;
}

void cjpeg_reader_destroy(cjpeg_reader *reader) {
    jpeg_destroy_decompress(&reader->jpeg);
    free(reader);
}

// Huffman codes have at least one bit, and each block of each channel begins with one.
static uint64_t fewest_bytes(const struct jpeg_decompress_struct *jpeg) {
    uint64_t blocks = 0;
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *const channel = &jpeg->comp_info[i];
        blocks += (uint64_t)channel->width_in_blocks * channel->height_in_blocks;
    }
    return blocks / 8;
}

static void check_size(cjpeg_reader *reader) {
    const uint32_t width = reader->jpeg.image_width;
    const uint32_t height = reader->jpeg.image_height;
    if (width > CJPEG_MAX_SIDE || height > CJPEG_MAX_SIDE ||
        (uint64_t)width * height > reader->max_pixels)
        give_up(reader, "%ux%u pixels are too many: at most %d a side and %llu in all are read",
                width, height, CJPEG_MAX_SIDE, (unsigned long long)reader->max_pixels);
    if (reader->jpeg.arith_code)
        give_up(reader, "its arithmetic coding is not read; save it with Huffman coding");
    if (fewest_bytes(&reader->jpeg) > reader->size)
        give_up(reader, "%zu bytes cannot hold the %ux%u pixels they claim", reader->size, width,
                height);
}

static void header_work(cjpeg_reader *reader) {
    struct jpeg_decompress_struct *const jpeg = &reader->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->src = &reader->source;
    jpeg->progress = &reader->progress;
    jpeg_read_header(jpeg, TRUE);
    check_size(reader);
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
        jpeg->out_color_space = JCS_RGB;
        break;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        break;
    default:
        give_up(reader, "its %d channels are neither gray, RGB nor CMYK", jpeg->num_components);
    }
    reader->shape = (cjpeg_shape){
        .width = jpeg->image_width,
        .height = jpeg->image_height,
        .channels = jpeg->out_color_space == JCS_CMYK ? 4 : 3,
    };
}

bool cjpeg_read_header(cjpeg_reader *reader, uint64_t max_pixels) {
    reader->max_pixels = max_pixels;
    return guard(reader, header_work);
}

cjpeg_shape cjpeg_reader_shape(const cjpeg_reader *reader) {
    return reader->shape;
}

static void pixels_work(cjpeg_reader *reader) {
    struct jpeg_decompress_struct *const jpeg = &reader->jpeg;
    const size_t row = (size_t)reader->shape.width * reader->shape.channels;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW to = reader->pixels + jpeg->output_scanline * row;
        jpeg_read_scanlines(jpeg, &to, 1);
    }
    jpeg_finish_decompress(jpeg);
}

bool cjpeg_read_pixels(cjpeg_reader *reader, uint8_t *pixels) {
    reader->pixels = pixels;
    return guard(reader, pixels_work);
}

const char *cjpeg_reader_message(const cjpeg_reader *reader) {
    return reader->message;
}

#endif
