#include "core/wire/notify_information.h"

enum tb_error tb_notify_information_decode(struct tb_span *left, struct tb_notify_information *out)
{
    *out = (struct tb_notify_information){0};
    if (left->length == 0)
        return TB_NO_MORE_ENTRIES;
    struct tb_reader r = tb_reader(*left);
    size_t next = tb_read_u32(&r);
    out->action = tb_read_u32(&r);
    uint32_t name_length = tb_read_u32(&r);
    out->file_name = tb_read_span(&r, name_length);
    if (r.failed || name_length % 2)
        return TB_INVALID_PARAMETER;
    if (next && (next % 4 || next < r.at || next >= left->length))
        return TB_INVALID_PARAMETER;
    *left = next ? tb_span(left->data + next, left->length - next) : tb_span(NULL, 0);
    return TB_OK;
}

void tb_notify_list_begin(struct tb_notify_list *list, void *buffer, size_t capacity)
{
    *list = (struct tb_notify_list){.writer = tb_writer(buffer, capacity)};
}

enum tb_error tb_notify_list_append(struct tb_notify_list *list,
                                    const struct tb_notify_information *entry)
{
    struct tb_writer w = list->writer;
    tb_write_align(&w, 4);
    size_t at = w.at;
    tb_write_u32(&w, 0);
    tb_write_u32(&w, entry->action);
    tb_write_length32(&w, entry->file_name.length);
    tb_write_span(&w, entry->file_name);
    if (w.failed)
        return TB_NOTIFY_ENUM_DIR;
    if (list->any)
        tb_store_u32(w.data + list->last_at, (uint32_t)(at - list->last_at));
    list->writer = w;
    list->last_at = at;
    list->any = true;
    return TB_OK;
}

struct tb_span tb_notify_list_bytes(const struct tb_notify_list *list)
{
    return tb_span(list->writer.data, list->writer.at);
}
