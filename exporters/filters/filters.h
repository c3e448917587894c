/* Filters: exporters that stand on another one and see every call first.
 *
 * Each start function takes ownership of `below`, which is freed with the filter, and on errors at
 * once. `options` is a NULL-terminated list of "key=value" strings, or NULL. Errors:
 * TB_INVALID_PARAMETER for an option that is wrong (`message` says which), TB_NO_MEMORY. */
#ifndef TB_EXPORTERS_FILTERS_H
#define TB_EXPORTERS_FILTERS_H

#include "core/exporter.h"

/* Every call that would change something is answered TB_MEDIA_WRITE_PROTECTED, and the capability
 * read_only is set. No options. */
enum tb_error tb_filter_readonly_start(struct tb_exporter *below, const char *const *options,
                                       const struct tb_env *env, struct tb_exporter **out,
                                       char *message, size_t size);

/* Names, as clients see them, without case. Options, of which patterns are "/pattern/pattern/" with
 * the wildcards * and ?:
 *   veto=PATTERNS   what matches is not listed, not found, not made: OPEN, RENAME and LINK
 *                   are answered OBJECT_NAME_NOT_FOUND, or OBJECT_PATH_NOT_FOUND in the middle of a
 *                   path. A directory that holds such names is not empty,
 *   delete-vetoed   but is removed with them
 *   hide=PATTERNS   what matches has the attribute HIDDEN */
enum tb_error tb_filter_names_start(struct tb_exporter *below, const char *const *options,
                                    const struct tb_env *env, struct tb_exporter **out,
                                    char *message, size_t size);

/* One line at TB_LOG_INFO for each call when it is answered: what was asked, the answer and the
 * microseconds between. No options. */
enum tb_error tb_filter_log_start(struct tb_exporter *below, const char *const *options,
                                  const struct tb_env *env, struct tb_exporter **out, char *message,
                                  size_t size);

/* Fails or delays calls, always the same ones. What fails does not reach the exporter below. CLOSE
 * cannot fail and is never counted among "any". Options:
 *   operation=NAME  only calls of this operation (tb_operation_name()); else any
 *   at=K            fail the K-th such call, once
 *   every=N         fail each N-th such call
 *   error=NAME      with this error ("DISK_FULL", "STATUS_DISK_FULL"); else IO_DEVICE_ERROR
 *   delay_us=N      hold each such call (CLOSE included) for N microseconds of real time */
enum tb_error tb_filter_fault_start(struct tb_exporter *below, const char *const *options,
                                    const struct tb_env *env, struct tb_exporter **out,
                                    char *message, size_t size);

/* For tests, on what tb_filter_fault_start() made; any thread. `operation` TB_CALL_COUNT means any.
 * Fail the k-th matching call from now on, once; k 0 disarms. */
void tb_filter_fault_arm(struct tb_exporter *fault, enum tb_operation operation, uint64_t k,
                         enum tb_error error);
/* Calls that came since the start, those that were failed included. */
uint64_t tb_filter_fault_count(struct tb_exporter *fault, enum tb_operation operation);
/* Calls that were failed. */
uint64_t tb_filter_fault_failed(struct tb_exporter *fault);

#endif
