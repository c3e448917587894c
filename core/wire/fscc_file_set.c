/* SET_INFO's input, and the client's side of both directions. */
#include "core/wire/fscc_file.h"

#include "core/nt/time.h"
#include "core/wire/smb2.h"

#define RENAME_HEADER_LENGTH 20
#define RENAME_LENGTH_MIN    24 /* of the C structure, which some servers insist on */

/* FileModeInformation may set these (MS-FSCC 2.4.31). */
#define MODE_SETTABLE                                                                              \
    (TB_FILE_WRITE_THROUGH | TB_FILE_SEQUENTIAL_ONLY | TB_FILE_SYNCHRONOUS_IO_ALERT |              \
     TB_FILE_SYNCHRONOUS_IO_NONALERT)

const struct tb_file_class *tb_file_class_set(uint8_t number)
{
    static const struct tb_file_class rows[] = {
        {TB_FILE_BASIC_INFORMATION, 40, TB_FILE_WRITE_ATTRIBUTES, "Basic"},
        {TB_FILE_RENAME_INFORMATION, RENAME_HEADER_LENGTH, TB_DELETE, "Rename"},
        {TB_FILE_LINK_INFORMATION, RENAME_HEADER_LENGTH, 0, "Link"},
        {TB_FILE_DISPOSITION_INFORMATION, 1, TB_DELETE, "Disposition"},
        {TB_FILE_POSITION_INFORMATION, 8, 0, "Position"},
        {TB_FILE_FULL_EA_INFORMATION, 8, TB_FILE_WRITE_EA, "FullEa"},
        {TB_FILE_MODE_INFORMATION, 4, 0, "Mode"},
        {TB_FILE_ALLOCATION_INFORMATION, 8, TB_FILE_WRITE_DATA, "Allocation"},
        {TB_FILE_END_OF_FILE_INFORMATION, 8, TB_FILE_WRITE_DATA, "EndOfFile"},
        {TB_FILE_PIPE_INFORMATION, 8, TB_FILE_WRITE_ATTRIBUTES, "Pipe"},
        {TB_FILE_VALID_DATA_LENGTH_INFORMATION, 8, TB_FILE_WRITE_DATA, "ValidDataLength"},
        {TB_FILE_SHORT_NAME_INFORMATION, 4, TB_DELETE, "ShortName"},
        {TB_FILE_DISPOSITION_INFORMATION_EX, 4, TB_DELETE, "DispositionEx"},
        {TB_FILE_RENAME_INFORMATION_EX, RENAME_HEADER_LENGTH, TB_DELETE, "RenameEx"},
        {TB_FILE_LINK_INFORMATION_EX, RENAME_HEADER_LENGTH, 0, "LinkEx"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

static bool time_valid(uint64_t filetime)
{
    return filetime <= TB_FILETIME_MAX || filetime == TB_FILETIME_FREEZE ||
           filetime == TB_FILETIME_THAW;
}

static void read_times(struct tb_reader *r, struct tb_file_basic *basic)
{
    basic->creation_filetime = tb_read_u64(r);
    basic->access_filetime = tb_read_u64(r);
    basic->write_filetime = tb_read_u64(r);
    basic->change_filetime = tb_read_u64(r);
}

static void read_basic(struct tb_reader *r, struct tb_file_basic *basic)
{
    read_times(r, basic);
    basic->file_attributes = tb_read_u32(r);
    tb_read_skip(r, 4);
}

enum tb_error tb_file_basic_decode(struct tb_span input, struct tb_file_basic *basic)
{
    struct tb_reader r = tb_reader(input);

    read_basic(&r, basic);
    if (r.failed)
        return TB_INFO_LENGTH_MISMATCH;
    if (!time_valid(basic->creation_filetime) || !time_valid(basic->access_filetime) ||
        !time_valid(basic->write_filetime) || !time_valid(basic->change_filetime))
        return TB_INVALID_PARAMETER;
    return TB_OK;
}

void tb_file_basic_encode(const struct tb_file_basic *basic, struct tb_writer *to)
{
    tb_write_u64(to, basic->creation_filetime);
    tb_write_u64(to, basic->access_filetime);
    tb_write_u64(to, basic->write_filetime);
    tb_write_u64(to, basic->change_filetime);
    tb_write_u32(to, basic->file_attributes);
    tb_write_u32(to, 0);
}

static enum tb_error read_new_name(struct tb_reader *r, struct tb_file_rename *rename)
{
    rename->root_directory = tb_read_u64(r);
    uint32_t length = tb_read_u32(r);
    if (r->failed)
        return TB_INFO_LENGTH_MISMATCH;
    rename->name = tb_read_span(r, length);
    if (r->failed)
        return TB_INFO_LENGTH_MISMATCH;
    return length == 0 || length % 2 != 0 ? TB_INVALID_PARAMETER : TB_OK;
}

enum tb_error tb_file_rename_decode(struct tb_span input, struct tb_file_rename *rename)
{
    struct tb_reader r = tb_reader(input);

    rename->flags = tb_read_u8(&r) != 0 ? TB_FILE_RENAME_REPLACE_IF_EXISTS : 0;
    tb_read_skip(&r, 7);
    return read_new_name(&r, rename);
}

enum tb_error tb_file_rename_ex_decode(struct tb_span input, struct tb_file_rename *rename)
{
    struct tb_reader r = tb_reader(input);

    rename->flags = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    enum tb_error error = read_new_name(&r, rename);
    return !error && rename->flags & ~TB_FILE_RENAME_FLAGS ? TB_INVALID_PARAMETER : error;
}

void tb_file_rename_encode(const struct tb_file_rename *rename, struct tb_writer *to)
{
    size_t length = RENAME_HEADER_LENGTH + rename->name.length;

    tb_write_u32(to, rename->flags);
    tb_write_zeros(to, 4);
    tb_write_u64(to, rename->root_directory);
    tb_write_u32(to, (uint32_t)rename->name.length);
    tb_write_span(to, rename->name);
    tb_write_zeros(to, length < RENAME_LENGTH_MIN ? RENAME_LENGTH_MIN - length : 0);
}

enum tb_error tb_file_disposition_decode(struct tb_span input, bool *delete_pending)
{
    struct tb_reader r = tb_reader(input);

    *delete_pending = tb_read_u8(&r) != 0;
    return r.failed ? TB_INFO_LENGTH_MISMATCH : TB_OK;
}

enum tb_error tb_file_disposition_ex_decode(struct tb_span input, uint32_t *flags)
{
    struct tb_reader r = tb_reader(input);

    *flags = tb_read_u32(&r);
    return r.failed ? TB_INFO_LENGTH_MISMATCH : TB_OK;
}

enum tb_error tb_file_length_decode(struct tb_span input, uint64_t *length)
{
    struct tb_reader r = tb_reader(input);

    *length = tb_read_u64(&r);
    if (r.failed)
        return TB_INFO_LENGTH_MISMATCH;
    return *length > INT64_MAX ? TB_INVALID_PARAMETER : TB_OK;
}

enum tb_error tb_file_mode_decode(struct tb_span input, uint32_t *mode)
{
    struct tb_reader r = tb_reader(input);

    *mode = tb_read_u32(&r);
    if (r.failed)
        return TB_INFO_LENGTH_MISMATCH;
    return *mode & ~MODE_SETTABLE ? TB_INVALID_PARAMETER : TB_OK;
}

static void read_standard(struct tb_reader *r, struct tb_file_standard *standard)
{
    standard->allocation_size = tb_read_u64(r);
    standard->size = tb_read_u64(r);
    standard->link_count = tb_read_u32(r);
    standard->delete_pending = tb_read_u8(r) != 0;
    standard->directory = tb_read_u8(r) != 0;
    tb_read_skip(r, 2);
}

enum tb_error tb_file_standard_decode(struct tb_span output, struct tb_file_standard *standard)
{
    struct tb_reader r = tb_reader(output);

    read_standard(&r, standard);
    return r.failed ? TB_INFO_LENGTH_MISMATCH : TB_OK;
}

enum tb_error tb_file_network_open_decode(struct tb_span output,
                                          struct tb_file_network_open *network_open)
{
    struct tb_reader r = tb_reader(output);

    read_times(&r, &network_open->basic);
    network_open->allocation_size = tb_read_u64(&r);
    network_open->size = tb_read_u64(&r);
    network_open->basic.file_attributes = tb_read_u32(&r);
    tb_read_skip(&r, 4);
    return r.failed ? TB_INFO_LENGTH_MISMATCH : TB_OK;
}

enum tb_error tb_file_all_decode(struct tb_span output, struct tb_file_all *all)
{
    struct tb_reader r = tb_reader(output);

    read_basic(&r, &all->basic);
    read_standard(&r, &all->standard);
    all->file_id = tb_read_u64(&r);
    all->ea_size = tb_read_u32(&r);
    all->access = tb_read_u32(&r);
    all->position = tb_read_u64(&r);
    all->mode = tb_read_u32(&r);
    all->alignment = tb_read_u32(&r);
    uint32_t length = tb_read_u32(&r);
    size_t left = tb_reader_left(&r);
    all->name = tb_read_span(&r, length < left ? length : left);
    return r.failed ? TB_INFO_LENGTH_MISMATCH : TB_OK;
}
