/* QUERY_INFO is split by what is asked about; these are its parts. */
#ifndef TB_CMD_QUERY_INFO_H
#define TB_CMD_QUERY_INFO_H

#include "core/command.h"

/* First steps: a file or directory, its filesystem, its security descriptor, a pipe. */
void tb_query_file(struct tb_request *request) TB_INSIDE;
void tb_query_filesystem(struct tb_request *request) TB_INSIDE;
void tb_query_security(struct tb_request *request) TB_INSIDE;
void tb_query_pipe(struct tb_request *request) TB_INSIDE;

/* A writer over new memory of the request, as large as the client's buffer but no larger than
 * `needed`; TB_NO_MEMORY. */
enum tb_error tb_query_info_room(struct tb_request *request, size_t needed, struct tb_writer *w);

/* Finish with what was written, if the error is TB_OK or TB_BUFFER_OVERFLOW. */
void tb_query_info_finish(struct tb_request *request, const struct tb_writer *w,
                          enum tb_error error) TB_INSIDE;

/* Room that any class needs at most, for this name. */
size_t tb_query_info_bound(const char *path);

#endif
