#include "core/wire/fscc_directory.h"

#include "core/nt/attributes.h"
#include "core/nt/utf.h"

#include <assert.h>

/* Where fields lie that every class but Names has, and those of Names. */
enum {
    NEXT_AT = 0,
    TIMES_AT = 8,
    SIZE_AT = 40,
    ALLOCATION_AT = 48,
    ATTRIBUTES_AT = 56,
    NAME_LENGTH_AT = 60,
    NAMES_NAME_LENGTH_AT = 8,
};

/* ... and fields that only some have; 0: absent. Short names are always empty. */
static const struct layout {
    uint8_t number;
    uint8_t name_at, ea_at, tag_at, id_at, id128_at;
} layouts[] = {
    {TB_FILE_DIRECTORY_INFORMATION, .name_at = 64},
    {TB_FILE_FULL_DIRECTORY_INFORMATION, .name_at = 68, .ea_at = 64},
    {TB_FILE_BOTH_DIRECTORY_INFORMATION, .name_at = 94, .ea_at = 64},
    {TB_FILE_NAMES_INFORMATION, .name_at = 12},
    {TB_FILE_ID_BOTH_DIRECTORY_INFORMATION, .name_at = 104, .ea_at = 64, .id_at = 96},
    {TB_FILE_ID_FULL_DIRECTORY_INFORMATION, .name_at = 80, .ea_at = 64, .id_at = 72},
    {TB_FILE_ID_EXTD_DIRECTORY_INFORMATION, .name_at = 88, .ea_at = 64, .tag_at = 68,
     .id128_at = 72},
    {TB_FILE_ID_64_EXTD_DIRECTORY_INFORMATION, .name_at = 80, .ea_at = 64, .tag_at = 68,
     .id_at = 72},
    {TB_FILE_ID_64_EXTD_BOTH_DIRECTORY_INFORMATION, .name_at = 106, .ea_at = 64, .tag_at = 68,
     .id_at = 72},
    {TB_FILE_ID_ALL_EXTD_DIRECTORY_INFORMATION, .name_at = 96, .ea_at = 64, .tag_at = 68,
     .id_at = 72, .id128_at = 80},
    {TB_FILE_ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION, .name_at = 122, .ea_at = 64, .tag_at = 68,
     .id_at = 72, .id128_at = 80},
};

static const struct layout *layout_find(uint8_t number)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].number == number)
            return &layouts[i];
    return NULL;
}

uint32_t tb_directory_class_fixed_length(uint8_t number)
{
    const struct layout *layout = layout_find(number);
    return layout ? layout->name_at : 0;
}

struct tb_directory_writer tb_directory_writer(uint8_t number, void *memory, size_t capacity)
{
    assert(layout_find(number));
    return (struct tb_directory_writer){.to = tb_writer(memory, capacity), .number = number};
}

/* A class without a tag of its own tells it in place of the EA size (MS-FSCC 2.4.8). */
static void fill_entry(const struct layout *layout, const struct tb_attributes *a, uint8_t *entry)
{
    uint32_t tag = a->file_attributes & TB_FILE_ATTRIBUTE_REPARSE_POINT ? a->reparse_tag : 0;

    tb_store_u64(entry + TIMES_AT, a->creation_filetime);
    tb_store_u64(entry + TIMES_AT + 8, a->access_filetime);
    tb_store_u64(entry + TIMES_AT + 16, a->write_filetime);
    tb_store_u64(entry + TIMES_AT + 24, a->change_filetime);
    tb_store_u64(entry + SIZE_AT, a->size);
    tb_store_u64(entry + ALLOCATION_AT, a->allocation_size);
    tb_store_u32(entry + ATTRIBUTES_AT,
                 tb_attributes_reported(a->file_attributes,
                                        a->file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY));
    if (layout->ea_at && !layout->tag_at)
        tb_store_u32(entry + layout->ea_at, tag);
    if (layout->tag_at)
        tb_store_u32(entry + layout->tag_at, tag);
    if (layout->id_at)
        tb_store_u64(entry + layout->id_at, a->file_id);
    if (layout->id128_at)
        tb_store_u64(entry + layout->id128_at, a->file_id);
}

enum tb_error tb_directory_writer_add(struct tb_directory_writer *writer, const char *name,
                                      const struct tb_attributes *attributes)
{
    const struct layout *layout = layout_find(writer->number);
    struct tb_writer *to = &writer->to;
    size_t name_length, padding = (8 - to->at % 8) % 8;

    if (tb_utf16_length_from_utf8(name, strlen(name), &name_length))
        return TB_INVALID_PARAMETER;
    if (padding + layout->name_at + name_length > to->capacity - to->at)
        return TB_BUFFER_OVERFLOW;
    tb_write_zeros(to, padding);
    if (writer->count > 0)
        tb_store_u32(to->data + writer->last + NEXT_AT, (uint32_t)(to->at - writer->last));
    writer->last = to->at;
    writer->count++;

    uint8_t *entry = tb_write_reserve(to, layout->name_at);
    assert(entry);
    memset(entry, 0, layout->name_at);
    bool names = layout->number == TB_FILE_NAMES_INFORMATION;
    tb_store_u32(entry + (names ? NAMES_NAME_LENGTH_AT : NAME_LENGTH_AT), (uint32_t)name_length);
    if (!names)
        fill_entry(layout, attributes, entry);
    return tb_utf16_from_utf8(name, strlen(name), to);
}

static void read_entry(const struct layout *layout, const uint8_t *entry,
                       struct tb_directory_record *record)
{
    record->creation_filetime = tb_load_u64(entry + TIMES_AT);
    record->access_filetime = tb_load_u64(entry + TIMES_AT + 8);
    record->write_filetime = tb_load_u64(entry + TIMES_AT + 16);
    record->change_filetime = tb_load_u64(entry + TIMES_AT + 24);
    record->size = tb_load_u64(entry + SIZE_AT);
    record->allocation_size = tb_load_u64(entry + ALLOCATION_AT);
    record->file_attributes = tb_load_u32(entry + ATTRIBUTES_AT);
    if (layout->ea_at)
        record->ea_size = tb_load_u32(entry + layout->ea_at);
    if (layout->tag_at)
        record->reparse_tag = tb_load_u32(entry + layout->tag_at);
    if (layout->id_at || layout->id128_at)
        record->file_id = tb_load_u64(entry + (layout->id_at ? layout->id_at : layout->id128_at));
}

enum tb_error tb_directory_record_decode(uint8_t number, struct tb_span chain, size_t *offset,
                                         struct tb_directory_record *record)
{
    const struct layout *layout = layout_find(number);
    bool ok = true, names = number == TB_FILE_NAMES_INFORMATION;

    *record = (struct tb_directory_record){0};
    if (*offset >= chain.length)
        return TB_NO_MORE_ENTRIES;
    struct tb_span rest = tb_span_part(chain, *offset, chain.length - *offset, &ok);
    struct tb_span entry = tb_span_part(rest, 0, layout ? layout->name_at : 0, &ok);
    if (!layout || !ok)
        return TB_INVALID_PARAMETER;
    uint32_t next = tb_load_u32(entry.data + NEXT_AT);
    uint32_t length = tb_load_u32(entry.data + (names ? NAMES_NAME_LENGTH_AT : NAME_LENGTH_AT));
    record->name = tb_span_part(rest, layout->name_at, length, &ok);
    if (!ok || (next != 0 && (next < layout->name_at + (uint64_t)length || next > rest.length)))
        return TB_INVALID_PARAMETER;
    if (!names)
        read_entry(layout, entry.data, record);
    *offset = next ? *offset + next : chain.length;
    return TB_OK;
}
