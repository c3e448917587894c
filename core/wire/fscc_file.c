#include "core/wire/fscc_file.h"

#include "core/nt/attributes.h"
#include "core/nt/name.h"
#include "core/nt/utf.h"
#include "core/wire/smb2.h"

#include <assert.h>

/* FileModeInformation shows these of the create options (MS-FSCC 2.4.31). */
#define MODE_SHOWN                                                                                 \
    (TB_FILE_WRITE_THROUGH | TB_FILE_SEQUENTIAL_ONLY | TB_FILE_NO_INTERMEDIATE_BUFFERING |         \
     TB_FILE_SYNCHRONOUS_IO_ALERT | TB_FILE_SYNCHRONOUS_IO_NONALERT | TB_FILE_DELETE_ON_CLOSE)
#define REPLACEMENT_CHARACTER 0xFFFD

typedef enum tb_error query(const struct tb_file_state *state, struct tb_writer *to);

static bool is_directory(const struct tb_attributes *attributes)
{
    return (attributes->file_attributes & TB_FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static uint32_t reported_attributes(const struct tb_attributes *attributes)
{
    return tb_attributes_reported(attributes->file_attributes, is_directory(attributes));
}

static void put_times(const struct tb_attributes *attributes, struct tb_writer *to)
{
    tb_write_u64(to, attributes->creation_filetime);
    tb_write_u64(to, attributes->access_filetime);
    tb_write_u64(to, attributes->write_filetime);
    tb_write_u64(to, attributes->change_filetime);
}

enum tb_error tb_file_text_encode(const char *text, struct tb_writer *to)
{
    struct tb_utf16_units units = tb_utf16_units(text, strlen(text));
    uint32_t unit;

    while ((unit = tb_utf16_next(&units)) != TB_UTF16_END) {
        if (to->capacity - to->at < 2)
            return TB_BUFFER_OVERFLOW;
        if (unit >= TB_UTF16_STRAY)
            unit = REPLACEMENT_CHARACTER;
        tb_write_u16(to, (uint16_t)(unit == '/' ? '\\' : unit));
    }
    return TB_OK;
}

static enum tb_error put_name(const char *path, bool leading, struct tb_writer *to)
{
    tb_write_u32(to, (uint32_t)tb_path_wire_length(path, leading));
    if (leading && tb_file_text_encode("/", to))
        return TB_BUFFER_OVERFLOW;
    return tb_file_text_encode(path, to);
}

static enum tb_error query_basic(const struct tb_file_state *state, struct tb_writer *to)
{
    put_times(state->attributes, to);
    tb_write_u32(to, reported_attributes(state->attributes));
    tb_write_u32(to, 0);
    return TB_OK;
}

static enum tb_error query_standard(const struct tb_file_state *state, struct tb_writer *to)
{
    uint32_t links = state->attributes->link_count;

    tb_write_u64(to, state->attributes->allocation_size);
    tb_write_u64(to, state->attributes->size);
    /* MS-FSA 2.1.5.12.27: a name about to be deleted does not count. */
    tb_write_u32(to, state->delete_pending && !state->removed && links > 0 ? links - 1 : links);
    tb_write_u8(to, state->delete_pending);
    tb_write_u8(to, is_directory(state->attributes));
    tb_write_u16(to, 0);
    return TB_OK;
}

static enum tb_error query_internal(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->attributes->file_id);
    return TB_OK;
}

static enum tb_error query_ea(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u32(to, state->ea_size);
    return TB_OK;
}

static enum tb_error query_full_ea(const struct tb_file_state *state, struct tb_writer *to)
{
    (void)state;
    (void)to;
    return TB_EAS_NOT_SUPPORTED;
}

static enum tb_error query_access(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u32(to, state->granted_access);
    return TB_OK;
}

static enum tb_error query_name(const struct tb_file_state *state, struct tb_writer *to)
{
    return put_name(state->path, true, to);
}

static enum tb_error query_normalized_name(const struct tb_file_state *state, struct tb_writer *to)
{
    return put_name(state->path, false, to);
}

/* There are no short names, which is told as in listings: smbclient's allinfo and smbtorture take
 * OBJECT_NAME_NOT_FOUND for a file that is gone. */
static enum tb_error query_alternate_name(const struct tb_file_state *state, struct tb_writer *to)
{
    (void)state;
    tb_write_u32(to, 0);
    return TB_OK;
}

static enum tb_error query_position(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->position);
    return TB_OK;
}

static enum tb_error query_mode(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u32(to, state->create_options & MODE_SHOWN);
    return TB_OK;
}

static enum tb_error query_alignment(const struct tb_file_state *state, struct tb_writer *to)
{
    (void)state;
    tb_write_u32(to, 0);
    return TB_OK;
}

static enum tb_error query_all(const struct tb_file_state *state, struct tb_writer *to)
{
    static query *const parts[] = {
        query_basic,  query_standard, query_internal, query_ea,
        query_access, query_position, query_mode,     query_alignment,
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        parts[i](state, to);
    return put_name(state->path, true, to);
}

static enum tb_error query_stream(const struct tb_file_state *state, struct tb_writer *to)
{
    static const char name[] = "::$DATA";
    const size_t name_length = 2 * (sizeof(name) - 1);

    if (is_directory(state->attributes))
        return TB_OK;
    if (to->capacity - to->at < 24 + name_length)
        return TB_BUFFER_OVERFLOW;
    tb_write_u32(to, 0);
    tb_write_u32(to, (uint32_t)name_length);
    tb_write_u64(to, state->attributes->size);
    tb_write_u64(to, state->attributes->allocation_size);
    return tb_file_text_encode(name, to);
}

static enum tb_error query_compression(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->attributes->size);
    tb_write_zeros(to, 8);
    return TB_OK;
}

static enum tb_error query_network_open(const struct tb_file_state *state, struct tb_writer *to)
{
    put_times(state->attributes, to);
    tb_write_u64(to, state->attributes->allocation_size);
    tb_write_u64(to, state->attributes->size);
    tb_write_u32(to, reported_attributes(state->attributes));
    tb_write_u32(to, 0);
    return TB_OK;
}

static enum tb_error query_attribute_tag(const struct tb_file_state *state, struct tb_writer *to)
{
    bool reparse = (state->attributes->file_attributes & TB_FILE_ATTRIBUTE_REPARSE_POINT) != 0;

    tb_write_u32(to, reported_attributes(state->attributes));
    tb_write_u32(to, reparse ? state->attributes->reparse_tag : 0);
    return TB_OK;
}

static enum tb_error query_id(const struct tb_file_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->volume_id);
    tb_write_u64(to, state->attributes->file_id);
    tb_write_u64(to, 0);
    return TB_OK;
}

static const struct query_row {
    struct tb_file_class class;
    query *encode; /* NULL: pipes only */
} query_rows[] = {
    {{TB_FILE_BASIC_INFORMATION, 40, TB_FILE_READ_ATTRIBUTES, "Basic"}, query_basic},
    {{TB_FILE_STANDARD_INFORMATION, 24, 0, "Standard"}, query_standard},
    {{TB_FILE_INTERNAL_INFORMATION, 8, 0, "Internal"}, query_internal},
    {{TB_FILE_EA_INFORMATION, 4, 0, "Ea"}, query_ea},
    {{TB_FILE_ACCESS_INFORMATION, 4, 0, "Access"}, query_access},
    {{TB_FILE_NAME_INFORMATION, 8, 0, "Name"}, query_name},
    {{TB_FILE_POSITION_INFORMATION, 8, 0, "Position"}, query_position},
    {{TB_FILE_FULL_EA_INFORMATION, 8, TB_FILE_READ_EA, "FullEa"}, query_full_ea},
    {{TB_FILE_MODE_INFORMATION, 4, 0, "Mode"}, query_mode},
    {{TB_FILE_ALIGNMENT_INFORMATION, 4, 0, "Alignment"}, query_alignment},
    {{TB_FILE_ALL_INFORMATION, 104, TB_FILE_READ_ATTRIBUTES, "All"}, query_all},
    {{TB_FILE_ALTERNATE_NAME_INFORMATION, 8, 0, "AlternateName"}, query_alternate_name},
    {{TB_FILE_STREAM_INFORMATION, 32, 0, "Stream"}, query_stream},
    {{TB_FILE_PIPE_INFORMATION, 8, TB_FILE_READ_ATTRIBUTES, "Pipe"}, NULL},
    {{TB_FILE_PIPE_LOCAL_INFORMATION, 40, TB_FILE_READ_ATTRIBUTES, "PipeLocal"}, NULL},
    {{TB_FILE_COMPRESSION_INFORMATION, 16, 0, "Compression"}, query_compression},
    {{TB_FILE_NETWORK_OPEN_INFORMATION, 56, TB_FILE_READ_ATTRIBUTES, "NetworkOpen"},
     query_network_open},
    {{TB_FILE_ATTRIBUTE_TAG_INFORMATION, 8, TB_FILE_READ_ATTRIBUTES, "AttributeTag"},
     query_attribute_tag},
    {{TB_FILE_NORMALIZED_NAME_INFORMATION, 8, 0, "NormalizedName"}, query_normalized_name},
    {{TB_FILE_ID_INFORMATION, 24, 0, "Id"}, query_id},
};

static const struct query_row *query_find(uint8_t number)
{
    for (size_t i = 0; i < sizeof(query_rows) / sizeof(query_rows[0]); i++)
        if (query_rows[i].class.number == number)
            return &query_rows[i];
    return NULL;
}

const struct tb_file_class *tb_file_class_query(uint8_t number)
{
    const struct query_row *row = query_find(number);
    return row ? &row->class : NULL;
}

enum tb_error tb_file_information_encode(uint8_t number, const struct tb_file_state *state,
                                         struct tb_writer *to)
{
    const struct query_row *row = query_find(number);

    if (!row || !row->encode)
        return TB_INVALID_INFO_CLASS;
    if (to->failed || to->capacity - to->at < row->class.fixed_length)
        return TB_INFO_LENGTH_MISMATCH;
    enum tb_error error = row->encode(state, to);
    assert(!to->failed);
    return error;
}

/* A pipe in message mode with one instance, seen from the client's end. */
static void put_pipe_local(const struct tb_file_pipe_state *state, struct tb_writer *to)
{
    enum { MESSAGE_TYPE = 1, FULL_DUPLEX = 2, DISCONNECTED = 1, CONNECTED = 3, CLIENT_END = 0 };
    const uint32_t quota = 4096;

    tb_write_u32(to, MESSAGE_TYPE);
    tb_write_u32(to, FULL_DUPLEX);
    tb_write_u32(to, UINT32_MAX); /* maximum instances: no limit */
    tb_write_u32(to, 1);
    tb_write_u32(to, quota);
    tb_write_u32(to, state->available);
    tb_write_u32(to, quota);
    tb_write_u32(to, quota);
    tb_write_u32(to, state->connected ? CONNECTED : DISCONNECTED);
    tb_write_u32(to, CLIENT_END);
}

enum tb_error tb_file_pipe_information_encode(uint8_t number,
                                              const struct tb_file_pipe_state *state,
                                              struct tb_writer *to)
{
    const struct query_row *row = query_find(number);

    if (!row || (number != TB_FILE_PIPE_INFORMATION && number != TB_FILE_PIPE_LOCAL_INFORMATION))
        return TB_INVALID_INFO_CLASS;
    if (to->failed || to->capacity - to->at < row->class.fixed_length)
        return TB_INFO_LENGTH_MISMATCH;
    if (number == TB_FILE_PIPE_LOCAL_INFORMATION) {
        put_pipe_local(state, to);
    } else {
        tb_write_u32(to, 1); /* read mode: messages */
        tb_write_u32(to, 0); /* completion mode: queue */
    }
    return TB_OK;
}
