/* IOCTL is a table of control codes (core/cmd/ioctl.c); these are the first steps of its rows. The
 * table has checked the open and the lengths before they run. */
#ifndef TB_CMD_IOCTL_H
#define TB_CMD_IOCTL_H

#include "core/command.h"

/* FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 3.3.5.15.12). */
void tb_fsctl_validate_negotiate(struct tb_task *task) TB_INSIDE;

/* Codes that the open and its attributes answer: FSCTL_SRV_REQUEST_RESUME_KEY (MS-SMB2 3.3.5.15.5),
 * FSCTL_GET_COMPRESSION, FSCTL_SET_COMPRESSION, FSCTL_QUERY_FILE_REGIONS, FSCTL_GET_OBJECT_ID and
 * FSCTL_CREATE_OR_GET_OBJECT_ID (MS-FSA 2.1.5.10). */
void tb_fsctl_resume_key(struct tb_task *task) TB_INSIDE;
void tb_fsctl_get_compression(struct tb_task *task) TB_INSIDE;
void tb_fsctl_set_compression(struct tb_task *task) TB_INSIDE;
void tb_fsctl_get_object_id(struct tb_task *task) TB_INSIDE;
void tb_fsctl_query_file_regions(struct tb_task *task) TB_INSIDE;

/* FSCTL_SET_SPARSE, FSCTL_SET_ZERO_DATA, FSCTL_QUERY_ALLOCATED_RANGES (MS-FSA 2.1.5.10). */
void tb_fsctl_set_sparse(struct tb_task *task) TB_INSIDE;
void tb_fsctl_set_zero_data(struct tb_task *task) TB_INSIDE;
void tb_fsctl_query_allocated_ranges(struct tb_task *task) TB_INSIDE;

/* FSCTL_SRV_COPYCHUNK and FSCTL_SRV_COPYCHUNK_WRITE (MS-SMB2 3.3.5.15.6). */
void tb_fsctl_copychunk(struct tb_task *task) TB_INSIDE;

/* Finish with an answer that was written to memory of the request. */
void tb_fsctl_answer(struct tb_request *request, const struct tb_writer *w,
                     enum tb_error error) TB_INSIDE;

#endif
