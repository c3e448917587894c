/* Boundary 3 of 5: one filesystem behind a share.
 *
 * An exporter serves calls on handles, POSIX-like, with the caller's credentials on each. The
 * Windows side (share modes, locks, delete-on-close, dispositions, notification) is the core's.
 *
 * The contract
 *  - Calls come from any loop, several at once, never inside the core's section.
 *  - Each call is answered exactly once with tb_call_reply(), inside the operation or later, from
 *    any thread. Until then the call and all it points at stay valid; from then on the exporter
 *    must not touch it. The core orders calls that conflict on one node or name.
 *  - Handles belong to no loop and outlive the connection that opened them. CLOSE ends one and
 *    cannot fail.
 *  - Each operation lists its legal errors; any other is passed on as it is. Every operation may
 *    answer TB_NO_MEMORY, TB_ACCESS_DENIED, TB_IO_DEVICE_ERROR and TB_MEDIA_WRITE_PROTECTED.
 *  - Paths and names are UTF-8 (a lone surrogate as its three bytes), components separated by '/',
 *    no leading slash; "" is the root. The core has refused empty components, "." and "..".
 *  - The operation table carries its size and API version. Operations a table lacks (NULL, or
 *    beyond its size) are answered TB_NOT_SUPPORTED by the core.
 *  - Filters (exporters/filters/) stack on any exporter by wrapping calls; plugins are shared
 *    objects that export `tombolo_exporter` and are built against this header. */
#ifndef TB_EXPORTER_H
#define TB_EXPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/env.h"
#include "core/error.h"
#include "core/list.h"

#define TB_EXPORTER_API_VERSION 1
#define TB_CALL_FRAMES_MAX      8

/* On whose behalf a call is made. */
struct tb_credentials {
    uint32_t uid, gid;
    uint32_t group_count;
    const uint32_t *groups;
};

/* What is known of a file. Times are FILETIME. */
struct tb_attributes {
    uint64_t file_id; /* unique in this export while the file exists; never 0 */
    uint64_t creation_filetime, access_filetime, write_filetime, change_filetime;
    uint64_t size;            /* 0 for directories */
    uint64_t allocation_size; /* bytes occupied */
    uint32_t file_attributes; /* MS-FSCC 2.6; DIRECTORY always right, NORMAL never set here */
    uint32_t link_count;
    uint32_t reparse_tag; /* when REPARSE_POINT is set */
    uint32_t mode, uid, gid;
};

/* Which fields of struct tb_attributes SET_ATTRIBUTES changes. */
enum tb_attribute_mask {
    TB_SET_CREATION_TIME = 1 << 0,
    TB_SET_ACCESS_TIME = 1 << 1,
    TB_SET_WRITE_TIME = 1 << 2,
    TB_SET_CHANGE_TIME = 1 << 3,
    TB_SET_FILE_ATTRIBUTES = 1 << 4,
};

/* Space, in bytes. */
struct tb_space {
    uint64_t total, free, available; /* available: to this caller */
};

struct tb_directory_entry {
    const char *name; /* one component */
    struct tb_attributes attributes;
    uint64_t cookie; /* READ_DIRECTORY from here continues behind this entry; never 0 */
};

/* How OPEN treats a name. Nothing is ever truncated by it. */
enum tb_open_how {
    TB_OPEN_EXISTING, /* TB_OBJECT_NAME_NOT_FOUND when absent */
    TB_OPEN_NEW,      /* TB_OBJECT_NAME_COLLISION when present; exclusive */
    TB_OPEN_EITHER,   /* open it, or create it */
};

/* What the handle will be used for; the exporter opens no more than it needs. */
enum tb_open_use {
    TB_USE_READ = 1 << 0,       /* data, or the directory's entries */
    TB_USE_WRITE = 1 << 1,      /* data, size, and whether it is SPARSE_FILE */
    TB_USE_ATTRIBUTES = 1 << 2, /* SET_ATTRIBUTES */
    TB_USE_NAME = 1 << 3,       /* RENAME, REMOVE, and whether a directory is empty */
};

enum tb_operation {
    TB_CALL_OPEN,
    TB_CALL_CLOSE,
    TB_CALL_GET_ATTRIBUTES,
    TB_CALL_SET_ATTRIBUTES,
    TB_CALL_SET_SIZE,
    TB_CALL_SET_ALLOCATION,
    TB_CALL_READ,
    TB_CALL_WRITE,
    TB_CALL_FLUSH,
    TB_CALL_READ_DIRECTORY,
    TB_CALL_RENAME,
    TB_CALL_REMOVE,
    TB_CALL_GET_SPACE,
    TB_CALL_LINK,
    TB_CALL_ZERO,
    TB_CALL_ALLOCATED_RANGES,
    TB_CALL_COUNT
};

struct tb_call;
typedef void tb_call_done(struct tb_call *call, enum tb_error error);

/* One call. The core (or a filter above) owns it; in-fields are the caller's and constant,
 * out-fields are the exporter's and mean something only with the errors named. */
struct tb_call {
    enum tb_operation operation;
    const struct tb_credentials *credentials;
    void *handle; /* what the call is about: out for OPEN, in for all others but GET_SPACE */
    union {
        /* Errors: OBJECT_NAME_NOT_FOUND (the last component is missing), OBJECT_PATH_NOT_FOUND (an
         * earlier one), OBJECT_NAME_COLLISION, NOT_A_DIRECTORY (an earlier component is a file),
         * OBJECT_NAME_INVALID, DISK_FULL, TOO_MANY_OPENED_FILES. Whether what was found is a
         * directory is judged by the caller. */
        struct {
            const char *path;
            enum tb_open_how how;
            unsigned use;                    /* tb_open_use bits */
            unsigned use_wished;             /* more of them: each is given if the caller may */
            unsigned use_given;              /* in: both; out: less what is not given */
            bool create_directory;           /* what is created is a directory */
            uint32_t create_file_attributes; /* its attributes */
            uint64_t create_allocation_size; /* space to set aside for it */
            struct tb_attributes attributes; /* out */
            bool created;                    /* out */
            char *real_path; /* out: malloc'ed, the path as it is stored (case); NULL: as asked */
        } open;
        /* Out. Also filled by SET_ATTRIBUTES, SET_SIZE and SET_ALLOCATION when they succeed, as the
         * attributes afterwards. */
        struct {
            unsigned mask;               /* in, SET_ATTRIBUTES: tb_attribute_mask bits */
            uint64_t size;               /* in, SET_SIZE (zeros when it grows), SET_ALLOCATION */
            struct tb_attributes values; /* in for SET_ATTRIBUTES; out */
        } attributes;
        /* READ fills `buffer` as far as the file goes: length is out, 0 at or behind its end.
         * WRITE writes all or fails. Errors: FILE_IS_A_DIRECTORY, DISK_FULL, FILE_TOO_LARGE. */
        struct {
            uint64_t offset;
            uint8_t *buffer;     /* READ: the caller's memory */
            struct tb_span data; /* WRITE */
            size_t length;       /* READ: in, room; out, bytes read */
            bool write_through;  /* WRITE: answer when it is on stable storage */
        } io;
        /* Entries behind `cookie` (0: from the start), without "." and "..", offered one after the
         * other to add(), which copies and submits nothing; it answers false when it takes no more
         * (that entry was not taken). An entry that exists all along is offered exactly once in a
         * listing, whatever comes and goes meanwhile. */
        struct {
            uint64_t cookie;
            bool all; /* what a filter leaves out, too: whether there is anything */
            bool (*add)(struct tb_call *call, const struct tb_directory_entry *entry);
            bool end; /* out: all entries were offered and taken */
        } directory;
        /* RENAME gives the handle's name another place; all handles that were opened by that name
         * go along. LINK gives the file one more name, and every handle will do: none is bound to
         * the new one. Errors: OBJECT_NAME_COLLISION (exists and replace is false),
         * OBJECT_PATH_NOT_FOUND, ACCESS_DENIED (replacing a directory), DISK_FULL; of LINK also
         * FILE_IS_A_DIRECTORY, TOO_MANY_LINKS. A rename that changes only the case is one. Whether
         * what is replaced may be (it is open, it is read-only) the caller has judged; it lives on
         * for handles that are open. */
        struct {
            const char *path; /* the new one */
            bool replace;
            char *real_path; /* out: malloc'ed or NULL, as in OPEN */
        } rename;
        /* Both within the file's size: what lies behind it is passed over. ZERO makes a range read
         * as zeros and gives its space back where it can, if the file is SPARSE_FILE; needs
         * TB_USE_WRITE; errors: FILE_IS_A_DIRECTORY, DISK_FULL. ALLOCATED_RANGES offers to add()
         * what is not a hole, in rising order, cut to the range asked and never adjoining; add()
         * answers false when it takes no more (that one was not taken); needs TB_USE_READ; errors:
         * FILE_IS_A_DIRECTORY. Without this operation a file has no holes. */
        struct {
            uint64_t offset, length;
            bool (*add)(struct tb_call *call, uint64_t offset, uint64_t length);
        } range;
        /* REMOVE takes the handle's name away; the file lives on until its last CLOSE, or by its
         * other names. Errors: DIRECTORY_NOT_EMPTY. */
        struct tb_space space; /* out */
    };
    void *exporter_data[2]; /* the exporter's, for the call's duration */

    /* What follows belongs to the core and to filters. */
    struct tb_call_frame {
        tb_call_done *done;
        void *context;
    } frames[TB_CALL_FRAMES_MAX];
    unsigned frame_count;
};

/* Answer a call: the innermost waiting party (a filter, in the end the core) is told. */
static inline void tb_call_reply(struct tb_call *call, enum tb_error error)
{
    call->frame_count--;
    call->frames[call->frame_count].done(call, error);
}

/* Be told of the answer before whoever waits for it now. `done` passes it on with tb_call_reply(),
 * changed or not; the context of the frame being answered is tb_call_context(). */
static inline bool tb_call_push(struct tb_call *call, tb_call_done *done, void *context)
{
    if (call->frame_count == TB_CALL_FRAMES_MAX)
        return false;
    call->frames[call->frame_count].done = done;
    call->frames[call->frame_count].context = context;
    call->frame_count++;
    return true;
}

/* Inside `done`: the context given to the tb_call_push() it belongs to. */
static inline void *tb_call_context(const struct tb_call *call)
{
    return call->frames[call->frame_count].context;
}

/* What an exporter can do; asked once, when a share is set up. What the server advertises follows
 * from these alone. */
struct tb_exporter_capabilities {
    bool case_sensitive; /* names that differ only in case are different names */
    bool case_preserved;
    bool read_only;
    bool sparse;
    uint32_t component_max; /* UTF-16 units in one name */
    uint64_t volume_id;     /* serial number; stable for the life of the data */
    uint64_t volume_creation_filetime;
    char filesystem_name[16]; /* "NTFS" is what most clients like to see */
    bool hard_links;          /* LINK works */
};

/* One kind of exporter. `self` is what start() made. */
struct tb_exporter_ops {
    uint32_t struct_size; /* sizeof(struct tb_exporter_ops) where the exporter was compiled */
    uint32_t api_version; /* TB_EXPORTER_API_VERSION there */
    const char *name;
    /* Make an instance. `argument` is what stands behind NAME=EXPORTER: up to the first comma,
     * `options` the NULL-terminated "key=value" strings after it; an option it does not know is
     * an error. On failure `message` (size bytes) says what is wrong and how to mend it. */
    enum tb_error (*start)(const char *argument, const char *const *options,
                           const struct tb_env *env, void **self, char *message, size_t size);
    /* End it; every handle was closed and every call answered. */
    void (*stop)(void *self);
    void (*capabilities)(void *self, struct tb_exporter_capabilities *out);
    /* The operations, in the order of enum tb_operation. */
    void (*open)(void *self, struct tb_call *call);
    void (*close)(void *self, struct tb_call *call);
    void (*get_attributes)(void *self, struct tb_call *call);
    void (*set_attributes)(void *self, struct tb_call *call);
    void (*set_size)(void *self, struct tb_call *call);
    void (*set_allocation)(void *self, struct tb_call *call);
    void (*read)(void *self, struct tb_call *call);
    void (*write)(void *self, struct tb_call *call);
    void (*flush)(void *self, struct tb_call *call);
    void (*read_directory)(void *self, struct tb_call *call);
    void (*rename)(void *self, struct tb_call *call);
    void (*remove)(void *self, struct tb_call *call);
    void (*get_space)(void *self, struct tb_call *call);
    void (*link)(void *self, struct tb_call *call);
    void (*zero)(void *self, struct tb_call *call);
    void (*allocated_ranges)(void *self, struct tb_call *call);
};

/* An instance as the core holds it. tb_exporter_submit() hands a call to it. `submit`, when set,
 * comes first: that is how a filter sees all calls in one place. */
struct tb_exporter {
    struct tb_exporter_ops ops; /* a copy, padded with NULLs when the exporter's was shorter */
    void *self;
    void (*submit)(void *self, struct tb_call *call);
};

/* Start an instance of `ops`. On success *out is malloc'ed; end it with tb_exporter_free(). */
enum tb_error tb_exporter_start(const struct tb_exporter_ops *ops, const char *argument,
                                const char *const *options, const struct tb_env *env,
                                struct tb_exporter **out, char *message, size_t size);
void tb_exporter_free(struct tb_exporter *exporter);

/* Hand over a call whose frames[] holds at least the core's. Outside the section. */
void tb_exporter_submit(struct tb_exporter *exporter, struct tb_call *call);

/* "open", "set_size" and so on. */
const char *tb_operation_name(enum tb_operation operation);

#endif
