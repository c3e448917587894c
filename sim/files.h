/* The client's commands on tree connects and files. `…_request` makes a request to be sent, alone
 * or in a compound; the others send, wait and free. Names are UTF-8 with '/' or '\\'. */
#ifndef TB_SIM_FILES_H
#define TB_SIM_FILES_H

#include "core/wire/create.h"
#include "core/wire/fscc_directory.h"
#include "core/wire/fscc_file.h"
#include "core/wire/notify_information.h"
#include "sim/client.h"

/* The file id that stands for the one of the part before, in a related compound. */
#define TB_SIM_RELATED ((struct tb_file_id){UINT64_MAX, UINT64_MAX})
#define TB_SIM_SHARE_ALL (TB_FILE_SHARE_READ | TB_FILE_SHARE_WRITE | TB_FILE_SHARE_DELETE)

struct tb_sim_open {
    struct tb_sim_tree *tree;
    struct tb_file_id id;
    struct tb_create_response created; /* its create_contexts are not kept */
};

/* Zeros: open for all access, shared with all. */
struct tb_sim_create {
    const char *name;
    uint32_t disposition, access, share, options, attributes;
    uint8_t oplock;
    bool unshared; /* take `share` as it is, even 0 */
    struct tb_span contexts;
};

struct tb_sim_request *tb_sim_create_request(struct tb_sim_tree *tree,
                                             const struct tb_sim_create *create);
/* Decode the answer of a successful CREATE. */
void tb_sim_created(struct tb_sim_request *request, struct tb_sim_open *open);
enum tb_error tb_sim_create(struct tb_sim_tree *tree, const struct tb_sim_create *create,
                            struct tb_sim_open *open);
/* The usual: all access, shared with all; a directory when the name ends in '/'. */
enum tb_error tb_sim_open(struct tb_sim_tree *tree, const char *name, uint32_t disposition,
                          struct tb_sim_open *open);

struct tb_sim_request *tb_sim_close_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint16_t flags);
enum tb_error tb_sim_close(struct tb_sim_open *open);

struct tb_sim_request *tb_sim_write_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint64_t offset, const void *data, size_t length);
enum tb_error tb_sim_write(struct tb_sim_open *open, uint64_t offset, const void *data,
                           size_t length);
struct tb_sim_request *tb_sim_read_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                           uint64_t offset, uint32_t length);
/* *length: room in, bytes read out. */
enum tb_error tb_sim_read(struct tb_sim_open *open, uint64_t offset, void *data, size_t *length);
/* The data of an answered READ; empty when it failed. */
struct tb_span tb_sim_read_data(const struct tb_sim_request *request);
struct tb_sim_request *tb_sim_flush_request(struct tb_sim_tree *tree, struct tb_file_id id);
enum tb_error tb_sim_flush(struct tb_sim_open *open);

struct tb_sim_request *tb_sim_lock_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                           uint64_t offset, uint64_t length, uint32_t flags);
enum tb_error tb_sim_lock(struct tb_sim_open *open, uint64_t offset, uint64_t length,
                          uint32_t flags);

struct tb_sim_request *tb_sim_query_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint8_t type, uint8_t number, uint32_t length);
/* The output of an answered QUERY_INFO, QUERY_DIRECTORY, CHANGE_NOTIFY or IOCTL. */
struct tb_span tb_sim_output(const struct tb_sim_request *request);
struct tb_sim_request *tb_sim_set_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                          uint8_t type, uint8_t number, struct tb_span input);
enum tb_error tb_sim_set(struct tb_sim_open *open, uint8_t number, struct tb_span input);
enum tb_error tb_sim_set_size(struct tb_sim_open *open, uint64_t size);
struct tb_sim_request *tb_sim_rename_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                             const char *name, bool replace);
enum tb_error tb_sim_rename(struct tb_sim_open *open, const char *name, bool replace);
/* Rename or link by any of the four classes; the older two take replacing as their one flag. */
struct tb_sim_request *tb_sim_set_name_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                               uint8_t class, const char *name, uint32_t flags);
enum tb_error tb_sim_set_name(struct tb_sim_open *open, uint8_t class, const char *name,
                              uint32_t flags);
enum tb_error tb_sim_delete_on_close(struct tb_sim_open *open, bool wanted);
enum tb_error tb_sim_size(struct tb_sim_open *open, uint64_t *size);

struct tb_sim_request *tb_sim_list_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                           uint8_t number, uint8_t flags, const char *pattern,
                                           uint32_t length);
/* List until the end; the names, one after the other, each followed by '\n', "." and ".." left
 * out, go to `names`. */
enum tb_error tb_sim_list(struct tb_sim_open *open, uint8_t number, const char *pattern,
                          uint32_t length, char *names, size_t capacity);

struct tb_sim_request *tb_sim_notify_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                             uint32_t filter, bool tree_wide, uint32_t length);
struct tb_sim_request *tb_sim_ioctl_request(struct tb_sim_tree *tree, struct tb_file_id id,
                                            uint32_t code, struct tb_span input,
                                            uint32_t max_output);
struct tb_sim_request *tb_sim_echo_request(struct tb_sim_client *client,
                                           struct tb_sim_session *session);

/* UTF-16LE with backslashes, in memory to be freed. */
uint8_t *tb_sim_utf16(const char *name, size_t *length);

#endif
