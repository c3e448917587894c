#include "exporters/posix/handle.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct tb_posix_handle *tb_posix_handle_new(unsigned use)
{
    struct tb_posix_handle *handle = calloc(1, sizeof *handle);
    if (!handle)
        return NULL;
    handle->descriptor = -1;
    handle->use = use;
    pthread_mutex_init(&handle->lock, NULL);
    return handle;
}

static void name_free(struct tb_posix_name *name)
{
    if (!name)
        return;
    close(name->parent);
    pthread_mutex_destroy(&name->lock);
    free(name);
}

static void name_drop(struct tb_posix_share *share, struct tb_posix_name *name)
{
    pthread_mutex_lock(&share->names_lock);
    bool last = --name->handle_count == 0;
    if (last)
        tb_list_remove(&name->in_bucket);
    pthread_mutex_unlock(&share->names_lock);
    if (last)
        name_free(name);
}

void tb_posix_handle_free(struct tb_posix_share *share, struct tb_posix_handle *handle)
{
    if (handle->name)
        name_drop(share, handle->name);
    if (handle->descriptor >= 0)
        close(handle->descriptor);
    pthread_mutex_destroy(&handle->lock);
    free(handle);
}

bool tb_posix_identify(int descriptor, struct tb_posix_identity *out)
{
    struct stat st;
    if (fstat(descriptor, &st) < 0)
        return false;
    *out = (struct tb_posix_identity){st.st_dev, st.st_ino};
    return true;
}

static struct tb_list *bucket_of(struct tb_posix_share *share, struct tb_posix_identity entry)
{
    return &share->names[(entry.inode ^ entry.inode >> 20) % TB_POSIX_NAME_BUCKETS];
}

/* The object that is already there for this name, with one handle more; else `fresh` is put in. */
static struct tb_posix_name *share_name(struct tb_posix_share *share, struct tb_posix_name *fresh)
{
    struct tb_list *bucket = bucket_of(share, fresh->entry);
    struct tb_posix_name *result = fresh;

    pthread_mutex_lock(&share->names_lock);
    for (struct tb_list *at = bucket->next; at != bucket; at = at->next) {
        struct tb_posix_name *name = tb_container(at, struct tb_posix_name, in_bucket);
        if (tb_posix_same(name->entry, fresh->entry) &&
            tb_posix_same(name->directory, fresh->directory) &&
            strcmp(name->leaf, fresh->leaf) == 0)
            result = name;
    }
    if (result == fresh)
        tb_list_append(bucket, &fresh->in_bucket);
    result->handle_count++;
    pthread_mutex_unlock(&share->names_lock);
    return result;
}

enum tb_error tb_posix_handle_take_name(struct tb_posix_share *share,
                                        struct tb_posix_handle *handle,
                                        struct tb_posix_place *place,
                                        struct tb_posix_identity entry)
{
    struct tb_posix_identity directory;

    if (place->parent < 0)
        return TB_OK;
    if (!tb_posix_identify(place->parent, &directory))
        return tb_posix_error(errno);
    struct tb_posix_name *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return TB_NO_MEMORY;
    fresh->entry = entry;
    fresh->directory = directory;
    fresh->parent = place->parent;
    place->parent = -1;
    assert(strlen(place->leaf) < sizeof fresh->leaf);
    strcpy(fresh->leaf, place->leaf);
    pthread_mutex_init(&fresh->lock, NULL);
    handle->name = share_name(share, fresh);
    if (handle->name != fresh)
        name_free(fresh);
    return TB_OK;
}

enum tb_error tb_posix_name_verify_locked(const struct tb_posix_share *share,
                                          const struct tb_posix_name *name)
{
    struct stat st;
    if (fstatat(name->parent, name->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? TB_FILE_DELETED : tb_posix_error(errno);
    struct tb_posix_identity now = {st.st_dev, st.st_ino};
    return tb_posix_same(now, name->entry) ? tb_posix_check_beneath(share, name->parent)
                                           : TB_FILE_DELETED;
}

void tb_posix_name_move_locked(struct tb_posix_share *share, struct tb_posix_name *name,
                               struct tb_posix_place *place, struct tb_posix_identity directory)
{
    int old = name->parent;

    assert(strlen(place->leaf) < sizeof name->leaf);
    pthread_mutex_lock(&share->names_lock);
    name->directory = directory;
    name->parent = place->parent;
    strcpy(name->leaf, place->leaf);
    pthread_mutex_unlock(&share->names_lock);
    name->synced = false;
    name->moves++;
    place->parent = -1;
    close(old);
}

bool tb_posix_name_is_dotted(struct tb_posix_share *share, const struct tb_posix_name *name)
{
    if (!name || !share->hide_dot_files)
        return false;
    pthread_mutex_lock(&share->names_lock);
    bool dotted = name->leaf[0] == '.';
    pthread_mutex_unlock(&share->names_lock);
    return dotted;
}
