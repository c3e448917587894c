/* A filesystem in memory, over FUSE, that forgets like a disk whose power fails. Each inode has what
 * programs see and what fsync(2) last made stable: contents, size, attributes for a file, the names
 * for a directory. SIGUSR1 is the power cut: all that was not synced is gone, names as well as data.
 * It is as forgetful as POSIX allows: fsync of a file saves its contents and not its name.
 *   forgetful_fs [FUSE OPTION]... -f MOUNTPOINT */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fuse_lowlevel.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_CAPACITY 256
#define BLOCK 4096

/* In the order of their making; `place` is what a reader goes on from, and never used again. */
struct entry {
    off_t place;
    char name[NAME_CAPACITY];
    struct inode *inode;
};

struct attribute {
    char name[NAME_CAPACITY];
    size_t length;
    char value[4096];
};

/* What one sync makes stable. */
struct state {
    struct stat stat;
    char *data;           /* a file's contents, a link's target */
    bool *held;           /* per block: written, not a hole */
    struct entry *entries; /* a directory's names */
    size_t entry_count;
    struct attribute *attributes;
    size_t attribute_count;
};

struct inode {
    struct inode *next;
    struct inode *parent; /* of a directory */
    struct state now, stable;
    uint64_t lookups;
    bool has_stable, marked;
};

static struct inode root, *inodes = &root;
static ino_t last_number = FUSE_ROOT_ID;
static off_t last_place = 2;
static volatile sig_atomic_t power_cut;

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void *copy(const void *from, size_t length)
{
    return length ? memcpy(must(malloc(length)), from, length) : NULL;
}

static size_t blocks(off_t size)
{
    return ((size_t)size + BLOCK - 1) / BLOCK;
}

static void state_clear(struct state *state)
{
    free(state->data);
    free(state->held);
    free(state->entries);
    free(state->attributes);
    memset(state, 0, sizeof(*state));
}

static void state_copy(struct state *to, const struct state *from)
{
    state_clear(to);
    *to = *from;
    to->data = copy(from->data, (size_t)from->stat.st_size);
    to->held = copy(from->held, blocks(from->stat.st_size));
    to->entries = copy(from->entries, from->entry_count * sizeof(*from->entries));
    to->attributes = copy(from->attributes, from->attribute_count * sizeof(*from->attributes));
}

static void inode_sync(struct inode *inode)
{
    state_copy(&inode->stable, &inode->now);
    inode->has_stable = true;
}

static struct inode *inode_of(fuse_ino_t number)
{
    return number == FUSE_ROOT_ID ? &root : (struct inode *)(uintptr_t)number;
}

static fuse_ino_t number_of(const struct inode *inode)
{
    return inode == &root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)inode;
}

static struct timespec now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time;
}

static void touch(struct inode *inode)
{
    inode->now.stat.st_mtim = inode->now.stat.st_ctim = now();
}

static struct entry *find(const struct inode *directory, const char *name)
{
    for (size_t i = 0; i < directory->now.entry_count; i++) {
        if (strcmp(directory->now.entries[i].name, name) == 0)
            return &directory->now.entries[i];
    }
    return NULL;
}

static void add(struct inode *directory, const char *name, struct inode *inode)
{
    struct state *state = &directory->now;
    state->entries =
        must(realloc(state->entries, (state->entry_count + 1) * sizeof(*state->entries)));
    struct entry *entry = &state->entries[state->entry_count++];
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->inode = inode;
    entry->place = ++last_place;
    inode->now.stat.st_nlink++;
    if (S_ISDIR(inode->now.stat.st_mode)) {
        inode->parent = directory;
        state->stat.st_nlink++;
    }
    inode->now.stat.st_ctim = now();
    touch(directory);
}

static void drop(struct inode *directory, struct entry *entry)
{
    struct state *state = &directory->now;
    struct inode *inode = entry->inode;
    inode->now.stat.st_nlink--;
    inode->now.stat.st_ctim = now();
    if (S_ISDIR(inode->now.stat.st_mode))
        state->stat.st_nlink--;
    state->entry_count--;
    size_t after = state->entry_count - (size_t)(entry - state->entries);
    memmove(entry, entry + 1, after * sizeof(*entry));
    touch(directory);
}

static struct inode *inode_new(const struct fuse_ctx *caller, mode_t mode)
{
    struct inode *inode = must(calloc(1, sizeof(*inode)));
    inode->now.stat = (struct stat){
        .st_ino = ++last_number, .st_mode = mode, .st_uid = caller->uid, .st_gid = caller->gid,
        .st_blksize = BLOCK, .st_nlink = S_ISDIR(mode)};
    inode->now.stat.st_atim = inode->now.stat.st_mtim = inode->now.stat.st_ctim = now();
    inode->next = inodes->next;
    inodes->next = inode;
    return inode;
}

static void count_blocks(struct inode *inode)
{
    size_t held = 0;
    for (size_t i = 0; i < blocks(inode->now.stat.st_size); i++)
        held += inode->now.held[i];
    inode->now.stat.st_blocks = (blkcnt_t)(held * (BLOCK / 512));
}

static void resize(struct inode *inode, off_t size)
{
    struct state *state = &inode->now;
    size_t before = (size_t)state->stat.st_size, after = (size_t)size;
    state->data = must(realloc(state->data, blocks(size) * BLOCK + 1));
    state->held = must(realloc(state->held, blocks(size) + 1));
    if (after > before)
        memset(state->data + before, 0, after - before);
    for (size_t i = blocks((off_t)before); i < blocks(size); i++)
        state->held[i] = false;
    state->stat.st_size = size;
    count_blocks(inode);
    touch(inode);
}

/* The power is back: only what was stable is there, and what the root still leads to. */
static void mark(struct inode *inode)
{
    if (inode->marked)
        return;
    inode->marked = true;
    if (inode->has_stable)
        state_copy(&inode->now, &inode->stable);
    else
        resize(inode, 0);
    inode->now.stat.st_nlink = inode == &root;
    for (size_t i = 0; i < inode->now.entry_count; i++)
        mark(inode->now.entries[i].inode);
}

static void count_links(struct inode *directory)
{
    for (size_t i = 0; i < directory->now.entry_count; i++) {
        struct inode *inode = directory->now.entries[i].inode;
        bool first = inode->now.stat.st_nlink == 0;
        inode->now.stat.st_nlink++;
        if (S_ISDIR(inode->now.stat.st_mode) && first) {
            inode->now.stat.st_nlink++;
            inode->parent = directory;
            directory->now.stat.st_nlink++;
            count_links(inode);
        }
    }
}

static void forget_unsynced(void)
{
    for (struct inode *i = inodes; i; i = i->next)
        i->marked = false;
    mark(&root);
    root.now.stat.st_nlink = 2;
    count_links(&root);
}

static void check_power(void)
{
    if (power_cut) {
        power_cut = 0;
        forget_unsynced();
        fprintf(stderr, "power cut\n");
    }
}

static void reply_entry(fuse_req_t request, struct inode *inode)
{
    struct fuse_entry_param answer = {.ino = number_of(inode), .attr = inode->now.stat};
    inode->lookups++;
    fuse_reply_entry(request, &answer);
}

static void lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    check_power();
    struct entry *entry = find(inode_of(parent), name);
    if (entry)
        reply_entry(request, entry->inode);
    else
        fuse_reply_err(request, ENOENT);
}

/* Inodes live as long as the program: what is unlinked may be stable somewhere. */
static void forget(fuse_req_t request, fuse_ino_t number, uint64_t count)
{
    inode_of(number)->lookups -= count;
    fuse_reply_none(request);
}

static void get_attributes(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info)
{
    (void)info;
    check_power();
    fuse_reply_attr(request, &inode_of(number)->now.stat, 0);
}

static void set_attributes(fuse_req_t request, fuse_ino_t number, struct stat *asked, int which,
                           struct fuse_file_info *info)
{
    struct inode *inode = inode_of(number);
    struct stat *stat = &inode->now.stat;
    (void)info;
    if (which & FUSE_SET_ATTR_MODE)
        stat->st_mode = (stat->st_mode & S_IFMT) | (asked->st_mode & 07777);
    if (which & FUSE_SET_ATTR_UID)
        stat->st_uid = asked->st_uid;
    if (which & FUSE_SET_ATTR_GID)
        stat->st_gid = asked->st_gid;
    if (which & FUSE_SET_ATTR_SIZE)
        resize(inode, asked->st_size);
    if (which & FUSE_SET_ATTR_ATIME)
        stat->st_atim = which & FUSE_SET_ATTR_ATIME_NOW ? now() : asked->st_atim;
    if (which & FUSE_SET_ATTR_MTIME)
        stat->st_mtim = which & FUSE_SET_ATTR_MTIME_NOW ? now() : asked->st_mtim;
    stat->st_ctim = now();
    fuse_reply_attr(request, stat, 0);
}

static void create_node(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
                        struct inode **made)
{
    struct inode *directory = inode_of(parent);
    *made = NULL;
    check_power();
    if (strlen(name) >= NAME_CAPACITY) {
        fuse_reply_err(request, ENAMETOOLONG);
    } else if (find(directory, name)) {
        fuse_reply_err(request, EEXIST);
    } else if (directory->now.stat.st_nlink == 0) {
        fuse_reply_err(request, ENOENT);
    } else {
        *made = inode_new(fuse_req_ctx(request), mode);
        if (directory->now.stat.st_mode & S_ISGID) {
            (*made)->now.stat.st_gid = directory->now.stat.st_gid;
            if (S_ISDIR(mode))
                (*made)->now.stat.st_mode |= S_ISGID;
        }
        add(directory, name, *made);
    }
}

static void make_node(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
                      dev_t device)
{
    struct inode *inode;
    create_node(request, parent, name, mode, &inode);
    if (!inode)
        return;
    inode->now.stat.st_rdev = device;
    reply_entry(request, inode);
}

static void make_directory(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode)
{
    make_node(request, parent, name, S_IFDIR | (mode & 07777), 0);
}

static void make_symlink(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name)
{
    struct inode *inode;
    create_node(request, parent, name, S_IFLNK | 0777, &inode);
    if (!inode)
        return;
    resize(inode, (off_t)strlen(target));
    memcpy(inode->now.data, target, strlen(target) + 1);
    reply_entry(request, inode);
}

static void read_symlink(fuse_req_t request, fuse_ino_t number)
{
    fuse_reply_readlink(request, inode_of(number)->now.data);
}

static void make_link(fuse_req_t request, fuse_ino_t number, fuse_ino_t parent, const char *name)
{
    struct inode *directory = inode_of(parent), *inode = inode_of(number);
    check_power();
    if (find(directory, name)) {
        fuse_reply_err(request, EEXIST);
    } else {
        add(directory, name, inode);
        reply_entry(request, inode);
    }
}

static int unlinkable(const struct entry *entry, bool directory)
{
    if (!entry)
        return ENOENT;
    if (S_ISDIR(entry->inode->now.stat.st_mode) != directory)
        return directory ? ENOTDIR : EISDIR;
    return directory && entry->inode->now.entry_count ? ENOTEMPTY : 0;
}

static void remove_name(fuse_req_t request, fuse_ino_t parent, const char *name, bool directory)
{
    struct entry *entry = find(inode_of(parent), name);
    int error = unlinkable(entry, directory);
    check_power();
    if (!error) {
        struct inode *inode = entry->inode;
        drop(inode_of(parent), entry);
        if (directory)
            inode->now.stat.st_nlink = 0;
    }
    fuse_reply_err(request, error);
}

static void unlink_file(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    remove_name(request, parent, name, false);
}

static void remove_directory(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    remove_name(request, parent, name, true);
}

static bool is_beneath(const struct inode *inode, const struct inode *directory)
{
    while (inode && inode != directory)
        inode = inode->parent;
    return inode != NULL;
}

static int rename_error(struct inode *from, const char *name, struct inode *to,
                        const char *new_name, unsigned flags)
{
    struct entry *source = find(from, name), *target = find(to, new_name);
    if (!source)
        return ENOENT;
    if (flags & ~1U)
        return EINVAL;
    bool directory = S_ISDIR(source->inode->now.stat.st_mode);
    if (directory && is_beneath(to, source->inode))
        return EINVAL;
    if (!target)
        return 0;
    return flags & 1 ? EEXIST : unlinkable(target, directory);
}

static void rename_name(fuse_req_t request, fuse_ino_t parent, const char *name,
                        fuse_ino_t new_parent, const char *new_name, unsigned flags)
{
    struct inode *from = inode_of(parent), *to = inode_of(new_parent);
    check_power();
    int error = rename_error(from, name, to, new_name, flags);
    if (!error) {
        struct inode *inode = find(from, name)->inode;
        struct entry *target = find(to, new_name);
        if (!target || target->inode != inode) {
            if (target) {
                struct inode *old = target->inode;
                drop(to, target);
                if (S_ISDIR(old->now.stat.st_mode))
                    old->now.stat.st_nlink = 0;
            }
            drop(from, find(from, name));
            add(to, new_name, inode);
        }
    }
    fuse_reply_err(request, error);
}

static void open_inode(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info)
{
    check_power();
    if (info->flags & O_TRUNC)
        resize(inode_of(number), 0);
    info->direct_io = 1;
    fuse_reply_open(request, info);
}

static void create_file(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
                        struct fuse_file_info *info)
{
    struct inode *inode;
    create_node(request, parent, name, S_IFREG | (mode & 07777), &inode);
    if (!inode)
        return;
    struct fuse_entry_param answer = {.ino = number_of(inode), .attr = inode->now.stat};
    inode->lookups++;
    info->direct_io = 1;
    fuse_reply_create(request, &answer, info);
}

static void read_data(fuse_req_t request, fuse_ino_t number, size_t length, off_t offset,
                      struct fuse_file_info *info)
{
    const struct state *state = &inode_of(number)->now;
    (void)info;
    check_power();
    if (offset >= state->stat.st_size)
        length = 0;
    else if ((off_t)length > state->stat.st_size - offset)
        length = (size_t)(state->stat.st_size - offset);
    fuse_reply_buf(request, length ? state->data + offset : NULL, length);
}

static void write_data(fuse_req_t request, fuse_ino_t number, const char *data, size_t length,
                       off_t offset, struct fuse_file_info *info)
{
    struct inode *inode = inode_of(number);
    (void)info;
    check_power();
    if (offset + (off_t)length > inode->now.stat.st_size)
        resize(inode, offset + (off_t)length);
    memcpy(inode->now.data + offset, data, length);
    for (size_t i = (size_t)offset / BLOCK; i < blocks(offset + (off_t)length); i++)
        inode->now.held[i] = true;
    count_blocks(inode);
    touch(inode);
    /* With direct_io the kernel leaves that to the filesystem. */
    if (fuse_req_ctx(request)->uid != 0)
        inode->now.stat.st_mode &= ~(mode_t)(S_ISUID | S_ISGID);
    fuse_reply_write(request, length);
}

static void sync_inode(fuse_req_t request, fuse_ino_t number, int data_only,
                       struct fuse_file_info *info)
{
    (void)data_only;
    (void)info;
    check_power();
    inode_sync(inode_of(number));
    fuse_reply_err(request, 0);
}

static void allocate(fuse_req_t request, fuse_ino_t number, int mode, off_t offset, off_t length,
                     struct fuse_file_info *info)
{
    struct inode *inode = inode_of(number);
    off_t size = inode->now.stat.st_size, end = offset + length;
    (void)info;
    check_power();
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
        fuse_reply_err(request, EOPNOTSUPP);
        return;
    }
    if (!(mode & FALLOC_FL_KEEP_SIZE) && end > size)
        resize(inode, end);
    if (end > inode->now.stat.st_size)
        end = inode->now.stat.st_size;
    if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && offset < end)
        memset(inode->now.data + offset, 0, (size_t)(end - offset));
    for (size_t i = (size_t)offset / BLOCK; offset < end && i < blocks(end); i++) {
        bool whole = (off_t)(i * BLOCK) >= offset && (off_t)((i + 1) * BLOCK) <= end;
        if (!(mode & FALLOC_FL_PUNCH_HOLE))
            inode->now.held[i] = true;
        else if (whole || end == inode->now.stat.st_size)
            inode->now.held[i] = inode->now.held[i] && !whole && (off_t)(i * BLOCK) < offset;
    }
    count_blocks(inode);
    touch(inode);
    fuse_reply_err(request, 0);
}

static void seek(fuse_req_t request, fuse_ino_t number, off_t offset, int whence,
                 struct fuse_file_info *info)
{
    const struct state *state = &inode_of(number)->now;
    (void)info;
    if (offset >= state->stat.st_size) {
        fuse_reply_err(request, ENXIO);
        return;
    }
    bool wanted = whence == SEEK_DATA;
    size_t i = (size_t)offset / BLOCK, end = blocks(state->stat.st_size);
    while (i < end && state->held[i] != wanted)
        i++;
    if (i == end && wanted) {
        fuse_reply_err(request, ENXIO);
        return;
    }
    off_t found = (off_t)(i * BLOCK);
    if (found < offset)
        found = offset;
    fuse_reply_lseek(request, found > state->stat.st_size ? state->stat.st_size : found);
}

struct listing {
    fuse_req_t request;
    char *buffer;
    size_t capacity, used;
};

static bool list(struct listing *to, const char *name, const struct inode *inode, off_t place)
{
    size_t left = to->capacity - to->used;
    size_t length = fuse_add_direntry(to->request, to->buffer + to->used, left, name,
                                      &inode->now.stat, place);
    if (length > left)
        return false;
    to->used += length;
    return true;
}

static void read_directory(fuse_req_t request, fuse_ino_t number, size_t capacity, off_t offset,
                           struct fuse_file_info *info)
{
    const struct inode *directory = inode_of(number);
    const struct inode *parent = directory->parent ? directory->parent : directory;
    struct listing to = {request, must(malloc(capacity)), capacity, 0};
    (void)info;
    check_power();
    bool room = offset >= 1 || list(&to, ".", directory, 1);
    room = room && (offset >= 2 || list(&to, "..", parent, 2));
    for (size_t i = 0; room && i < directory->now.entry_count; i++) {
        const struct entry *entry = &directory->now.entries[i];
        room = entry->place <= offset || list(&to, entry->name, entry->inode, entry->place);
    }
    fuse_reply_buf(request, to.buffer, to.used);
    free(to.buffer);
}

static void filesystem(fuse_req_t request, fuse_ino_t number)
{
    struct statvfs answer = {.f_bsize = BLOCK, .f_frsize = BLOCK, .f_blocks = 1 << 20,
                             .f_bfree = 1 << 19, .f_bavail = 1 << 19, .f_files = 1 << 20,
                             .f_ffree = 1 << 19, .f_favail = 1 << 19, .f_namemax = 255};
    (void)number;
    fuse_reply_statfs(request, &answer);
}

static struct attribute *find_attribute(struct inode *inode, const char *name)
{
    for (size_t i = 0; i < inode->now.attribute_count; i++) {
        if (strcmp(inode->now.attributes[i].name, name) == 0)
            return &inode->now.attributes[i];
    }
    return NULL;
}

static void set_attribute(fuse_req_t request, fuse_ino_t number, const char *name,
                          const char *value, size_t length, int flags)
{
    struct inode *inode = inode_of(number);
    struct attribute *attribute = find_attribute(inode, name);
    if (length > sizeof(attribute->value) || strlen(name) >= NAME_CAPACITY) {
        fuse_reply_err(request, E2BIG);
        return;
    }
    if (flags && (flags & 1) == (attribute != NULL)) {
        fuse_reply_err(request, attribute ? EEXIST : ENODATA);
        return;
    }
    if (!attribute) {
        struct state *state = &inode->now;
        size_t size = (state->attribute_count + 1) * sizeof(*attribute);
        state->attributes = must(realloc(state->attributes, size));
        attribute = &state->attributes[state->attribute_count++];
        snprintf(attribute->name, sizeof(attribute->name), "%s", name);
    }
    memcpy(attribute->value, value, length);
    attribute->length = length;
    fuse_reply_err(request, 0);
}

static void reply_value(fuse_req_t request, const char *value, size_t length, size_t capacity)
{
    if (capacity == 0)
        fuse_reply_xattr(request, length);
    else if (capacity < length)
        fuse_reply_err(request, ERANGE);
    else
        fuse_reply_buf(request, value, length);
}

static void get_attribute(fuse_req_t request, fuse_ino_t number, const char *name, size_t capacity)
{
    const struct attribute *attribute = find_attribute(inode_of(number), name);
    if (attribute)
        reply_value(request, attribute->value, attribute->length, capacity);
    else
        fuse_reply_err(request, ENODATA);
}

static void list_attributes(fuse_req_t request, fuse_ino_t number, size_t capacity)
{
    const struct state *state = &inode_of(number)->now;
    char *names = must(malloc(state->attribute_count * NAME_CAPACITY + 1));
    size_t length = 0;
    for (size_t i = 0; i < state->attribute_count; i++)
        length += (size_t)sprintf(names + length, "%s", state->attributes[i].name) + 1;
    reply_value(request, names, length, capacity);
    free(names);
}

static void remove_attribute(fuse_req_t request, fuse_ino_t number, const char *name)
{
    struct inode *inode = inode_of(number);
    struct attribute *attribute = find_attribute(inode, name);
    if (attribute)
        *attribute = inode->now.attributes[--inode->now.attribute_count];
    fuse_reply_err(request, attribute ? 0 : ENODATA);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = lookup,
    .forget = forget,
    .getattr = get_attributes,
    .setattr = set_attributes,
    .readlink = read_symlink,
    .mknod = make_node,
    .mkdir = make_directory,
    .unlink = unlink_file,
    .rmdir = remove_directory,
    .symlink = make_symlink,
    .rename = rename_name,
    .link = make_link,
    .open = open_inode,
    .create = create_file,
    .read = read_data,
    .write = write_data,
    .fsync = sync_inode,
    .readdir = read_directory,
    .fsyncdir = sync_inode,
    .statfs = filesystem,
    .setxattr = set_attribute,
    .getxattr = get_attribute,
    .listxattr = list_attributes,
    .removexattr = remove_attribute,
    .fallocate = allocate,
    .lseek = seek,
};

static void cut(int signal_number)
{
    (void)signal_number;
    power_cut = 1;
}

static int serve(struct fuse_args *arguments, const char *mountpoint)
{
    struct fuse_session *session =
        fuse_session_new(arguments, &operations, sizeof(operations), NULL);
    int status = 1;
    if (!session)
        return 1;
    if (fuse_set_signal_handlers(session) == 0) {
        signal(SIGUSR1, cut);
        if (fuse_session_mount(session, mountpoint) == 0) {
            status = fuse_session_loop(session);
            fuse_session_unmount(session);
        }
        fuse_remove_signal_handlers(session);
    }
    fuse_session_destroy(session);
    return status != 0;
}

int main(int count, char **values)
{
    struct fuse_args arguments = FUSE_ARGS_INIT(count, values);
    struct fuse_cmdline_opts options;
    struct fuse_ctx me = {.uid = getuid(), .gid = getgid()};
    if (fuse_parse_cmdline(&arguments, &options) != 0 || !options.mountpoint) {
        fprintf(stderr, "usage: forgetful_fs [-o OPTION]... -f MOUNTPOINT\n");
        return 2;
    }
    root.now.stat = (struct stat){.st_ino = FUSE_ROOT_ID, .st_mode = S_IFDIR | 0777, .st_uid = me.uid,
                                  .st_gid = me.gid, .st_nlink = 2, .st_blksize = BLOCK};
    root.now.stat.st_mtim = root.now.stat.st_ctim = root.now.stat.st_atim = now();
    inode_sync(&root);
    int status = serve(&arguments, options.mountpoint);
    free(options.mountpoint);
    fuse_opt_free_args(&arguments);
    return status;
}
