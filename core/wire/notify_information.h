/* FILE_NOTIFY_INFORMATION: the list of changes CHANGE_NOTIFY answers (MS-FSCC 2.7.1). */
#ifndef TB_WIRE_NOTIFY_INFORMATION_H
#define TB_WIRE_NOTIFY_INFORMATION_H

#include "core/wire/fields.h"

enum tb_notify_action {
    TB_FILE_ACTION_ADDED = 1,
    TB_FILE_ACTION_REMOVED = 2,
    TB_FILE_ACTION_MODIFIED = 3,
    TB_FILE_ACTION_RENAMED_OLD_NAME = 4,
    TB_FILE_ACTION_RENAMED_NEW_NAME = 5,
    TB_FILE_ACTION_ADDED_STREAM = 6,
    TB_FILE_ACTION_REMOVED_STREAM = 7,
    TB_FILE_ACTION_MODIFIED_STREAM = 8,
    TB_FILE_ACTION_REMOVED_BY_DELETE = 9,
    TB_FILE_ACTION_ID_NOT_TUNNELLED = 10,
    TB_FILE_ACTION_TUNNELLED_ID_COLLISION = 11,
};

struct tb_notify_information {
    uint32_t action;
    struct tb_span file_name; /* UTF-16LE with backslashes, relative to the watched directory */
};

/* Take the next entry off `left`: TB_NO_MORE_ENTRIES at the end, TB_INVALID_PARAMETER when
 * malformed. */
enum tb_error tb_notify_information_decode(struct tb_span *left, struct tb_notify_information *out);

/* Building a list. An entry goes in wholly or not at all. */
struct tb_notify_list {
    struct tb_writer writer;
    size_t last_at; /* the entry whose NextEntryOffset the next one sets */
    bool any;
};

void tb_notify_list_begin(struct tb_notify_list *list, void *buffer, size_t capacity);

/* TB_NOTIFY_ENUM_DIR when it does not fit; the list stays as it was. */
enum tb_error tb_notify_list_append(struct tb_notify_list *list,
                                    const struct tb_notify_information *entry);

/* What has been built, for a response's output_buffer. */
struct tb_span tb_notify_list_bytes(const struct tb_notify_list *list);

#endif
