/* SET_INFO is split by what is set; these are its parts. */
#ifndef TB_CMD_SET_INFO_H
#define TB_CMD_SET_INFO_H

#include "core/command.h"

/* Of a file or directory. Prepare runs outside and decodes; it may set request->state and clean. */
enum tb_error tb_set_file_prepare(struct tb_request *request);
void tb_set_file(struct tb_request *request) TB_INSIDE;

/* FileRenameInformation, FileLinkInformation and their newer classes, in the same two parts. */
enum tb_error tb_rename_prepare(struct tb_request *request);
void tb_rename(struct tb_request *request) TB_INSIDE;

/* FileDispositionInformation and FileDispositionInformationEx. */
enum tb_error tb_disposition_prepare(struct tb_request *request);
void tb_set_disposition(struct tb_request *request) TB_INSIDE;

/* Of a pipe. */
void tb_set_pipe(struct tb_request *request) TB_INSIDE;

#endif
