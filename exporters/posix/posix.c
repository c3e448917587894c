#include "exporters/posix/posix.h"

#include "core/nt/name.h"
#include "core/nt/time.h"
#include "exporters/option.h"
#include "exporters/posix/attributes.h"
#include "exporters/posix/file.h"
#include "exporters/posix/filesystem.h"
#include "exporters/posix/index.h"
#include "exporters/posix/mounts.h"
#include "exporters/posix/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Threads for a filesystem of this machine, whose disk alone is waited for, and for any other. */
#define THREADS_LOCAL 8
#define THREADS_OTHER 32

/* Memory for the index of names, unless it is said otherwise: about a million names. */
#define INDEX_BYTES (UINT64_C(64) << 20)

static enum tb_error parse_mask(const char *value, mode_t *mask, char *message, size_t size)
{
    char *end;
    unsigned long number = strtoul(value, &end, 8);
    if (*value >= '0' && *value <= '7' && !*end && number <= 07777) {
        *mask = (mode_t)number;
        return TB_OK;
    }
    snprintf(message, size, "posix: \"%s\" is no mask: write an octal number up to 07777", value);
    return TB_INVALID_PARAMETER;
}

/* One of the words of `known`, which ends with NULL: its place. */
static enum tb_error parse_word(const char *option, const char *value, const char *const *known,
                                unsigned *place, char *message, size_t size)
{
    for (*place = 0; known[*place]; ++*place)
        if (strcmp(value, known[*place]) == 0)
            return TB_OK;
    return tb_option_unknown("posix", option, value, known, message, size);
}

static enum tb_error parse_option(struct tb_posix_share *share, const char *option, char *message,
                                  size_t size)
{
    static const char *const known[] = {
        "symlinks",       "create-mask",       "directory-mask",       "name-index", "names",
        "hide-dot-files", "force-create-mode", "force-directory-mode", NULL};
    static const char *const policies[] = {"inside", "none", "wide", NULL};
    static const char *const names[] = {"mapped", "windows", "plain", NULL};
    static const char *const answers[] = {"no", "yes", NULL};
    enum tb_error error;
    const char *value;
    unsigned place;

    if ((value = tb_option_value(option, "symlinks"))) {
        error = parse_word("symlinks", value, policies, &place, message, size);
        share->symlinks = (enum tb_posix_symlinks)place;
        return error;
    }
    if ((value = tb_option_value(option, "names"))) {
        error = parse_word("names", value, names, &place, message, size);
        share->names_mode = (enum tb_posix_names)place;
        return error;
    }
    if ((value = tb_option_value(option, "hide-dot-files"))) {
        error = parse_word("hide-dot-files", value, answers, &place, message, size);
        share->hide_dot_files = place == 1;
        return error;
    }
    if ((value = tb_option_value(option, "create-mask")))
        return parse_mask(value, &share->create_mask, message, size);
    if ((value = tb_option_value(option, "directory-mask")))
        return parse_mask(value, &share->directory_mask, message, size);
    if ((value = tb_option_value(option, "force-create-mode")))
        return parse_mask(value, &share->force_create_mode, message, size);
    if ((value = tb_option_value(option, "force-directory-mode")))
        return parse_mask(value, &share->force_directory_mode, message, size);
    if ((value = tb_option_value(option, "name-index"))) {
        if (tb_option_parse_size(value, &share->index_bytes))
            return TB_OK;
        snprintf(message, size, "posix: \"%s\" is no size: write name-index=64M, or 0", value);
        return TB_INVALID_PARAMETER;
    }
    return tb_option_unknown("posix", "option", option, known, message, size);
}

static enum tb_error find_groups(struct tb_posix_share *share)
{
    int count = getgroups(0, NULL);
    if (count < 0)
        return tb_posix_error(errno);
    share->own_groups = malloc((size_t)(count + 1) * sizeof *share->own_groups);
    if (!share->own_groups)
        return TB_NO_MEMORY;
    count = getgroups(count, share->own_groups);
    share->own_group_count = count < 0 ? 0 : (size_t)count;
    return count < 0 ? tb_posix_error(errno) : TB_OK;
}

static enum tb_error fail(char *message, size_t size, const char *argument, int number)
{
    snprintf(message, size, "posix: %s: %s", argument, strerror(number));
    return tb_posix_error(number);
}

static enum tb_error open_root(struct tb_posix_share *share, const char *argument, char *message,
                               size_t size)
{
    struct statfs fs;
    struct statvfs vfs;
    struct tb_attributes attributes;
    struct stat st;

    if (!*argument) {
        snprintf(message, size, "posix: which directory? Write posix:/path");
        return TB_INVALID_PARAMETER;
    }
    share->root = open(argument, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (share->root < 0 || fstatfs(share->root, &fs) < 0 || fstatvfs(share->root, &vfs) < 0 ||
        fstat(share->root, &st) < 0)
        return fail(message, size, argument, errno);
    int again = tb_posix_open_beneath(share, "", O_PATH | O_DIRECTORY);
    if (again < 0) {
        snprintf(message, size, "posix: openat2: %s (Linux 5.6 or later is needed)",
                 strerror(errno));
        return TB_NOT_SUPPORTED;
    }
    close(again);
    if (access("/proc/self/fd", X_OK) < 0) {
        snprintf(message, size, "posix: /proc is not there; mount it");
        return TB_NOT_SUPPORTED;
    }
    share->root_device = st.st_dev;
    share->local = tb_posix_filesystem_is_local(share->root);
    enum tb_error error = tb_posix_attributes(share, share->root, false, &attributes);
    if (error)
        return fail(message, size, argument, errno);
    uint64_t id;
    memcpy(&id, &fs.f_fsid, sizeof id);
    share->capabilities = (struct tb_exporter_capabilities){
        .case_preserved = true,
        .read_only = vfs.f_flag & ST_RDONLY,
        .sparse = true,
        .component_max = TB_NAME_UNITS_MAX,
        .volume_id = (id ? id : st.st_dev) ^ st.st_ino * UINT64_C(0x9E3779B97F4A7C15),
        .volume_creation_filetime = attributes.creation_filetime,
        .filesystem_name = "NTFS",
        .hard_links = true,
    };
    return TB_OK;
}

static void posix_stop(void *self)
{
    struct tb_posix_share *share = self;
    tb_posix_pool_free(share->pool);
    tb_posix_index_free(share->index);
    tb_posix_synced_free(share->synced);
    tb_posix_mounts_free(share->mounts);
    if (share->root >= 0)
        close(share->root);
    pthread_mutex_destroy(&share->names_lock);
    free(share->own_groups);
    free(share);
}

static enum tb_error (*const operations[TB_CALL_COUNT])(struct tb_posix_share *,
                                                        struct tb_call *) = {
    [TB_CALL_OPEN] = tb_posix_open,
    [TB_CALL_CLOSE] = tb_posix_close,
    [TB_CALL_GET_ATTRIBUTES] = tb_posix_get_attributes,
    [TB_CALL_SET_ATTRIBUTES] = tb_posix_set_attributes,
    [TB_CALL_SET_SIZE] = tb_posix_set_size,
    [TB_CALL_SET_ALLOCATION] = tb_posix_set_allocation,
    [TB_CALL_READ] = tb_posix_read,
    [TB_CALL_WRITE] = tb_posix_write,
    [TB_CALL_FLUSH] = tb_posix_flush,
    [TB_CALL_READ_DIRECTORY] = tb_posix_read_directory,
    [TB_CALL_RENAME] = tb_posix_rename,
    [TB_CALL_REMOVE] = tb_posix_remove,
    [TB_CALL_GET_SPACE] = tb_posix_get_space,
    [TB_CALL_LINK] = tb_posix_link,
    [TB_CALL_ZERO] = tb_posix_zero,
    [TB_CALL_ALLOCATED_RANGES] = tb_posix_allocated_ranges,
};

static void run(void *context, struct tb_call *call)
{
    tb_call_reply(call, operations[call->operation](context, call));
}

/* Metadata of a local filesystem takes a microsecond, a thread 75: it is asked here and now, as is
 * data in the page cache. What waits for a disk or a network goes to the pool. */
static void submit(void *self, struct tb_call *call)
{
    struct tb_posix_share *share = self;
    enum tb_error error;

    if (!share->local || call->operation == TB_CALL_FLUSH || call->operation == TB_CALL_ZERO ||
        call->operation == TB_CALL_ALLOCATED_RANGES || !tb_posix_mounts_are_local(share->mounts))
        tb_posix_pool_submit(share->pool, call);
    else if (call->operation != TB_CALL_READ && call->operation != TB_CALL_WRITE)
        run(share, call);
    else if (call->operation == TB_CALL_READ ? tb_posix_read_now(call, &error)
                                             : tb_posix_write_now(share, call, &error))
        tb_call_reply(call, error);
    else
        tb_posix_pool_submit(share->pool, call);
}

/* Without one directories are read. */
static void start_index(struct tb_posix_share *share)
{
    share->index = tb_posix_index_new(&share->env, share->names_mode, share->index_bytes);
    if (!share->index)
        share->env.ops->log(share->env.data, TB_LOG_WARNING,
                            "posix: no index of names, each miss reads its directory: inotify(7) "
                            "is not to be had (fs.inotify.max_user_instances?)");
}

static enum tb_error start_share(struct tb_posix_share *share, const char *argument,
                                 const char *const *options, char *message, size_t size)
{
    enum tb_error error = TB_OK;

    for (; !error && options && *options; options++)
        error = parse_option(share, *options, message, size);
    if (!error)
        error = open_root(share, argument, message, size);
    if (error)
        return error;
    error = find_groups(share);
    share->pool = tb_posix_pool_new(share->local ? THREADS_LOCAL : THREADS_OTHER, run, share);
    share->synced = tb_posix_synced_new();
    share->mounts = tb_posix_mounts_new(share->root, share->symlinks == TB_POSIX_SYMLINKS_WIDE);
    share->local = share->local && share->mounts;
    if (!error && (!share->pool || !share->synced))
        error = TB_NO_MEMORY;
    if (error)
        snprintf(message, size, "posix: out of memory");
    else if (share->local && share->index_bytes)
        start_index(share);
    return error;
}

static enum tb_error posix_start(const char *argument, const char *const *options,
                                 const struct tb_env *env, void **self, char *message, size_t size)
{
    struct tb_posix_share *share = calloc(1, sizeof *share);

    if (!share) {
        snprintf(message, size, "posix: out of memory");
        return TB_NO_MEMORY;
    }
    share->env = *env;
    share->root = -1;
    share->hide_dot_files = true;
    share->index_bytes = INDEX_BYTES;
    share->create_mask = 0744;
    share->directory_mask = 0755;
    share->impersonate = geteuid() == 0;
    pthread_mutex_init(&share->names_lock, NULL);
    for (size_t i = 0; i < TB_POSIX_NAME_BUCKETS; i++)
        tb_list_init(&share->names[i]);
    enum tb_error error = start_share(share, argument, options, message, size);
    if (error)
        posix_stop(share);
    else
        *self = share;
    return error;
}

static void posix_capabilities(void *self, struct tb_exporter_capabilities *out)
{
    const struct tb_posix_share *share = self;
    *out = share->capabilities;
}

const struct tb_exporter_ops tb_posix_exporter = {
    .struct_size = sizeof(struct tb_exporter_ops),
    .api_version = TB_EXPORTER_API_VERSION,
    .name = "posix",
    .start = posix_start,
    .stop = posix_stop,
    .capabilities = posix_capabilities,
    .open = submit,
    .close = submit,
    .get_attributes = submit,
    .set_attributes = submit,
    .set_size = submit,
    .set_allocation = submit,
    .read = submit,
    .write = submit,
    .flush = submit,
    .read_directory = submit,
    .rename = submit,
    .remove = submit,
    .get_space = submit,
    .link = submit,
    .zero = submit,
    .allocated_ranges = submit,
};
