/* What the create contexts of a CREATE ask, and the answers to them (MS-SMB2 3.3.5.9.1 to 13). */
#ifndef TB_CMD_CREATE_CONTEXTS_H
#define TB_CMD_CREATE_CONTEXTS_H

#include "core/bytes.h"
#include "core/error.h"

struct tb_create_asks {
    bool maximal_access, on_disk_id;
    uint64_t maximal_access_timestamp; /* 0: none given */
    uint64_t allocation_size;
};

/* Reads the contexts that are served; those of features that are not are passed over where the
 * specification lets a server ignore them. Errors: INVALID_PARAMETER (malformed),
 * EAS_NOT_SUPPORTED (ExtA), OBJECT_NAME_NOT_FOUND (a snapshot, or a handle to reconnect to). */
enum tb_error tb_create_asks_read(struct tb_span contexts, struct tb_create_asks *asks);

struct tb_create_answers {
    bool maximal_access, on_disk_id;
    uint32_t maximal_access_mask;
    uint64_t file_id, volume_id;
};

/* Into `bytes`, which has room for all. */
struct tb_span tb_create_answers_write(const struct tb_create_answers *answers, uint8_t *bytes,
                                       size_t capacity);

#endif
