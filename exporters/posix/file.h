/* The operations on handles, each synchronous; see core/exporter.h for what they answer. */
#ifndef TB_EXPORTERS_POSIX_FILE_H
#define TB_EXPORTERS_POSIX_FILE_H

#include "exporters/posix/share.h"

enum tb_error tb_posix_open(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_close(struct tb_posix_share *share, struct tb_call *call);

enum tb_error tb_posix_set_size(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_set_allocation(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_read(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_write(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_flush(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_read_directory(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_rename(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_remove(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_link(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_zero(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_allocated_ranges(struct tb_posix_share *share, struct tb_call *call);
enum tb_error tb_posix_get_space(struct tb_posix_share *share, struct tb_call *call);

/* READ and WRITE as far as they need not wait for a disk. True: done, *error is the answer. False:
 * nothing has changed that tb_posix_read() or tb_posix_write() will not do again. */
bool tb_posix_read_now(struct tb_call *call, enum tb_error *error);
bool tb_posix_write_now(struct tb_posix_share *share, struct tb_call *call, enum tb_error *error);

#endif
