/* Information classes that list a directory (MS-FSCC 2.4), as QUERY_DIRECTORY carries them: 1, 2,
 * 3, 12, 37, 38, 60 and 78 to 81. */
#ifndef TB_WIRE_FSCC_DIRECTORY_H
#define TB_WIRE_FSCC_DIRECTORY_H

#include "core/bytes.h"
#include "core/error.h"
#include "core/exporter.h"
#include "core/wire/fscc_file.h"

/* Length of an entry up to its name, and so the smallest buffer; 0: TB_INVALID_INFO_CLASS. */
uint32_t tb_directory_class_fixed_length(uint8_t number);

/* A chain of entries growing in the client's buffer length worth of memory. */
struct tb_directory_writer {
    struct tb_writer to;
    size_t last;    /* offset of the last entry */
    uint32_t count; /* entries so far */
    uint8_t number; /* of the class */
};

/* `number` is one of the classes above; `memory` is somebody else's. */
struct tb_directory_writer tb_directory_writer(uint8_t number, void *memory, size_t capacity);

/* TB_BUFFER_OVERFLOW: the entry does not fit, nothing changed. TB_INVALID_PARAMETER: its name is
 * ill-formed UTF-8 and cannot be told. */
enum tb_error tb_directory_writer_add(struct tb_directory_writer *writer, const char *name,
                                      const struct tb_attributes *attributes);

/* Bytes so far; the last entry is not padded. */
static inline size_t tb_directory_writer_length(const struct tb_directory_writer *writer)
{
    return writer->to.at;
}

/* The client's side: the next entry of a chain of any of the classes, of which all fields that the
 * class has are filled and the others zero. `name` is UTF-16LE inside the chain. TB_NO_MORE_ENTRIES
 * at the end, TB_INVALID_PARAMETER when malformed. Start with *offset 0. */
struct tb_directory_record {
    uint64_t creation_filetime, access_filetime, write_filetime, change_filetime;
    uint64_t size, allocation_size, file_id;
    uint32_t file_attributes, ea_size, reparse_tag;
    struct tb_span name;
};

enum tb_error tb_directory_record_decode(uint8_t number, struct tb_span chain, size_t *offset,
                                         struct tb_directory_record *record);

#endif
