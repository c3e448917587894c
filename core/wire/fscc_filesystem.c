#include "core/wire/fscc_filesystem.h"

#include "core/nt/name.h"
#include "core/wire/fscc_file.h"

#include <assert.h>

#define SECTORS_PER_CLUSTER (TB_FS_CLUSTER_SIZE / TB_FS_SECTOR_SIZE)

typedef enum tb_error query(const struct tb_filesystem_state *state, struct tb_writer *to);

uint32_t tb_filesystem_attributes(const struct tb_exporter_capabilities *capabilities)
{
    uint32_t attributes = TB_FS_UNICODE_ON_DISK | TB_FS_SUPPORTS_POSIX_UNLINK_RENAME;

    if (capabilities->case_sensitive)
        attributes |= TB_FS_CASE_SENSITIVE_SEARCH;
    if (capabilities->case_preserved)
        attributes |= TB_FS_CASE_PRESERVED_NAMES;
    if (capabilities->sparse)
        attributes |= TB_FS_SUPPORTS_SPARSE_FILES;
    if (capabilities->hard_links)
        attributes |= TB_FS_SUPPORTS_HARD_LINKS;
    if (capabilities->read_only)
        attributes |= TB_FS_READ_ONLY_VOLUME;
    return attributes;
}

static uint32_t text_length(const char *text)
{
    return (uint32_t)tb_path_wire_length(text, false);
}

static enum tb_error query_volume(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->creation_filetime);
    tb_write_u32(to, (uint32_t)state->volume_id);
    tb_write_u32(to, text_length(state->label));
    tb_write_u8(to, 0); /* no object ids */
    tb_write_u8(to, 0);
    return tb_file_text_encode(state->label, to);
}

static enum tb_error query_size(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->space.total / TB_FS_CLUSTER_SIZE);
    tb_write_u64(to, state->space.available / TB_FS_CLUSTER_SIZE);
    tb_write_u32(to, SECTORS_PER_CLUSTER);
    tb_write_u32(to, TB_FS_SECTOR_SIZE);
    return TB_OK;
}

static enum tb_error query_device(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    enum { DISK = 7, READ_ONLY_DEVICE = 0x02, DEVICE_IS_MOUNTED = 0x20 };

    tb_write_u32(to, DISK);
    tb_write_u32(to, DEVICE_IS_MOUNTED | (state->read_only ? READ_ONLY_DEVICE : 0));
    return TB_OK;
}

static enum tb_error query_attribute(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    tb_write_u32(to, state->attributes);
    tb_write_u32(to, state->component_max);
    tb_write_u32(to, text_length(state->filesystem_name));
    return tb_file_text_encode(state->filesystem_name, to);
}

/* No quotas: nothing is filtered, no limits, none tracked. */
static enum tb_error query_control(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    (void)state;
    tb_write_zeros(to, 24);
    tb_write_u64(to, UINT64_MAX);
    tb_write_u64(to, UINT64_MAX);
    tb_write_zeros(to, 8);
    return TB_OK;
}

static enum tb_error query_full_size(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->space.total / TB_FS_CLUSTER_SIZE);
    tb_write_u64(to, state->space.available / TB_FS_CLUSTER_SIZE);
    tb_write_u64(to, state->space.free / TB_FS_CLUSTER_SIZE);
    tb_write_u32(to, SECTORS_PER_CLUSTER);
    tb_write_u32(to, TB_FS_SECTOR_SIZE);
    return TB_OK;
}

static enum tb_error query_object_id(const struct tb_filesystem_state *state, struct tb_writer *to)
{
    tb_write_u64(to, state->volume_id);
    tb_write_zeros(to, 56);
    return TB_OK;
}

static enum tb_error query_sector_size(const struct tb_filesystem_state *state,
                                       struct tb_writer *to)
{
    enum { ALIGNED_DEVICE = 1, PARTITION_ALIGNED = 2 };

    (void)state;
    tb_write_u32(to, TB_FS_SECTOR_SIZE);
    tb_write_u32(to, TB_FS_CLUSTER_SIZE);
    tb_write_u32(to, TB_FS_CLUSTER_SIZE);
    tb_write_u32(to, TB_FS_CLUSTER_SIZE);
    tb_write_u32(to, ALIGNED_DEVICE | PARTITION_ALIGNED);
    tb_write_u32(to, 0);
    tb_write_u32(to, 0);
    return TB_OK;
}

static const struct query_row {
    uint8_t number;
    uint8_t fixed_length;
    query *encode;
} query_rows[] = {
    {TB_FS_VOLUME_INFORMATION, 24, query_volume},
    {TB_FS_SIZE_INFORMATION, 24, query_size},
    {TB_FS_DEVICE_INFORMATION, 8, query_device},
    {TB_FS_ATTRIBUTE_INFORMATION, 16, query_attribute},
    {TB_FS_CONTROL_INFORMATION, 48, query_control},
    {TB_FS_FULL_SIZE_INFORMATION, 32, query_full_size},
    {TB_FS_OBJECT_ID_INFORMATION, 64, query_object_id},
    {TB_FS_SECTOR_SIZE_INFORMATION, 28, query_sector_size},
};

static const struct query_row *query_find(uint8_t number)
{
    for (size_t i = 0; i < sizeof(query_rows) / sizeof(query_rows[0]); i++)
        if (query_rows[i].number == number)
            return &query_rows[i];
    return NULL;
}

uint32_t tb_filesystem_class_fixed_length(uint8_t number)
{
    const struct query_row *row = query_find(number);
    return row ? row->fixed_length : 0;
}

enum tb_error tb_filesystem_information_encode(uint8_t number,
                                               const struct tb_filesystem_state *state,
                                               struct tb_writer *to)
{
    const struct query_row *row = query_find(number);

    if (!row)
        return TB_INVALID_INFO_CLASS;
    if (to->failed || to->capacity - to->at < row->fixed_length)
        return TB_INFO_LENGTH_MISMATCH;
    enum tb_error error = row->encode(state, to);
    assert(!to->failed);
    return error;
}
