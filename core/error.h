/* The one set of errors used inside Tombolo, and what each becomes on the wire.
 *
 * Every function that can fail returns `enum tb_error`; TB_OK is 0. The list below is the only
 * table from errors to NTSTATUS (MS-ERREF 2.3.1). Exporters turn errno into this enum with
 * tb_error_from_errno() (host/errno.c), the only table from errno. */
#ifndef TB_ERROR_H
#define TB_ERROR_H

#include <stdint.h>

/* X(name, NTSTATUS, text for logs) */
#define TB_ERROR_LIST(X)                                                                           \
    X(OK, 0x00000000, "success")                                                                   \
    X(PENDING, 0x00000103, "the operation is pending")                                             \
    X(NOTIFY_CLEANUP, 0x0000010B, "the watched directory was closed")                              \
    X(NOTIFY_ENUM_DIR, 0x0000010C, "more changes than fit; enumerate the directory")               \
    X(SOME_NOT_MAPPED, 0x00000107, "some names were not mapped")                                   \
    X(BUFFER_OVERFLOW, 0x80000005, "the answer was cut to the buffer's size")                      \
    X(NO_MORE_FILES, 0x80000006, "no more files")                                                  \
    X(NO_MORE_EAS, 0x80000012, "no more extended attributes")                                      \
    X(EA_LIST_INCONSISTENT, 0x80000014, "malformed extended attribute list")                       \
    X(NO_MORE_ENTRIES, 0x8000001A, "no more entries")                                              \
    X(STOPPED_ON_SYMLINK, 0x8000002D, "the path crosses a symbolic link")                          \
    X(UNSUCCESSFUL, 0xC0000001, "unsuccessful")                                                    \
    X(INVALID_INFO_CLASS, 0xC0000003, "unknown information class")                                 \
    X(INFO_LENGTH_MISMATCH, 0xC0000004, "wrong length for this information class")                 \
    X(INVALID_HANDLE, 0xC0000008, "invalid handle")                                                \
    X(INVALID_PARAMETER, 0xC000000D, "invalid parameter")                                          \
    X(NO_SUCH_FILE, 0xC000000F, "no such file")                                                    \
    X(INVALID_DEVICE_REQUEST, 0xC0000010, "invalid device request")                                \
    X(END_OF_FILE, 0xC0000011, "end of file")                                                      \
    X(MORE_PROCESSING_REQUIRED, 0xC0000016, "authentication goes on")                              \
    X(INVALID_VIEW_SIZE, 0xC000001F, "beyond the end of what is to be copied")                     \
    X(ACCESS_DENIED, 0xC0000022, "access denied")                                                  \
    X(BUFFER_TOO_SMALL, 0xC0000023, "buffer too small")                                            \
    X(OBJECT_TYPE_MISMATCH, 0xC0000024, "wrong type of object")                                    \
    X(OBJECT_NAME_INVALID, 0xC0000033, "invalid name")                                             \
    X(OBJECT_NAME_NOT_FOUND, 0xC0000034, "name not found")                                         \
    X(OBJECT_NAME_COLLISION, 0xC0000035, "name exists")                                            \
    X(OBJECT_PATH_INVALID, 0xC0000039, "a component of the path is no directory")                  \
    X(OBJECT_PATH_NOT_FOUND, 0xC000003A, "path not found")                                         \
    X(OBJECT_PATH_SYNTAX_BAD, 0xC000003B, "malformed path")                                        \
    X(SHARING_VIOLATION, 0xC0000043, "sharing violation")                                          \
    X(QUOTA_EXCEEDED, 0xC0000044, "quota exceeded")                                                \
    X(EAS_NOT_SUPPORTED, 0xC000004F, "extended attributes are not supported")                      \
    X(EA_TOO_LARGE, 0xC0000050, "extended attributes too large")                                   \
    X(NONEXISTENT_EA_ENTRY, 0xC0000051, "no such extended attribute")                              \
    X(FILE_LOCK_CONFLICT, 0xC0000054, "the range is locked")                                       \
    X(LOCK_NOT_GRANTED, 0xC0000055, "the lock was not granted")                                    \
    X(DELETE_PENDING, 0xC0000056, "delete pending")                                                \
    X(PRIVILEGE_NOT_HELD, 0xC0000061, "privilege not held")                                        \
    X(LOGON_FAILURE, 0xC000006D, "log-on failure")                                                 \
    X(ACCOUNT_RESTRICTION, 0xC000006E, "account restriction")                                      \
    X(ACCOUNT_DISABLED, 0xC0000072, "account disabled")                                            \
    X(NONE_MAPPED, 0xC0000073, "no name was mapped")                                               \
    X(INVALID_SID, 0xC0000078, "invalid SID")                                                      \
    X(INVALID_SECURITY_DESCR, 0xC0000079, "invalid security descriptor")                           \
    X(PROCEDURE_NOT_FOUND, 0xC000007A, "procedure not found")                                      \
    X(RANGE_NOT_LOCKED, 0xC000007E, "the range is not locked")                                     \
    X(DISK_FULL, 0xC000007F, "disk full")                                                          \
    X(INSUFFICIENT_RESOURCES, 0xC000009A, "insufficient resources")                                \
    X(BAD_IMPERSONATION_LEVEL, 0xC00000A5, "bad impersonation level")                                \
    X(MEDIA_WRITE_PROTECTED, 0xC00000A2, "the filesystem is read-only")                            \
    X(INSTANCE_NOT_AVAILABLE, 0xC00000AB, "no instance of the pipe is available")                  \
    X(PIPE_NOT_AVAILABLE, 0xC00000AC, "pipe not available")                                        \
    X(INVALID_PIPE_STATE, 0xC00000AD, "invalid pipe state")                                        \
    X(PIPE_BUSY, 0xC00000AE, "pipe busy")                                                          \
    X(PIPE_DISCONNECTED, 0xC00000B0, "pipe disconnected")                                          \
    X(PIPE_CLOSING, 0xC00000B1, "pipe closing")                                                    \
    X(PIPE_EMPTY, 0xC00000D9, "pipe empty")                                                        \
    X(IO_TIMEOUT, 0xC00000B5, "time-out")                                                          \
    X(FILE_FORCED_CLOSED, 0xC00000B6, "the file was closed by the server")                         \
    X(FILE_IS_A_DIRECTORY, 0xC00000BA, "the file is a directory")                                  \
    X(NOT_SUPPORTED, 0xC00000BB, "not supported")                                                  \
    X(NETWORK_NAME_DELETED, 0xC00000C9, "the tree connection is gone")                             \
    X(NETWORK_ACCESS_DENIED, 0xC00000CA, "network access denied")                                  \
    X(BAD_DEVICE_TYPE, 0xC00000CB, "bad device type")                                              \
    X(BAD_NETWORK_NAME, 0xC00000CC, "no such share")                                               \
    X(REQUEST_NOT_ACCEPTED, 0xC00000D0, "request not accepted")                                    \
    X(NOT_SAME_DEVICE, 0xC00000D4, "not the same filesystem")                                      \
    X(NO_SECURITY_ON_OBJECT, 0xC00000D7, "the object has no security descriptor")                  \
    X(INVALID_OPLOCK_PROTOCOL, 0xC00000E3, "invalid oplock acknowledgement")                       \
    X(INTERNAL_ERROR, 0xC00000E5, "internal error")                                                \
    X(DIRECTORY_NOT_EMPTY, 0xC0000101, "directory not empty")                                      \
    X(NOT_A_DIRECTORY, 0xC0000103, "not a directory")                                              \
    X(NAME_TOO_LONG, 0xC0000106, "name too long")                                                  \
    X(TOO_MANY_OPENED_FILES, 0xC000011F, "too many open files")                                    \
    X(CANCELLED, 0xC0000120, "cancelled")                                                          \
    X(CANNOT_DELETE, 0xC0000121, "the file cannot be deleted")                                     \
    X(FILE_DELETED, 0xC0000123, "the file was deleted")                                            \
    X(FILE_CLOSED, 0xC0000128, "the handle is closed")                                             \
    X(INVALID_DEVICE_STATE, 0xC0000184, "invalid device state")                                    \
    X(IO_DEVICE_ERROR, 0xC0000185, "input/output error")                                           \
    X(FS_DRIVER_REQUIRED, 0xC000019C, "not a DFS server")                                          \
    X(INVALID_LOCK_RANGE, 0xC00001A1, "the lock range wraps around")                               \
    X(NO_USER_SESSION_KEY, 0xC0000202, "no session key")                                           \
    X(USER_SESSION_DELETED, 0xC0000203, "the session is gone")                                     \
    X(INSUFF_SERVER_RESOURCES, 0xC0000205, "the server is out of resources")                       \
    X(INVALID_BUFFER_SIZE, 0xC0000206, "invalid buffer size")                                      \
    X(NOT_FOUND, 0xC0000225, "not found")                                                          \
    X(REQUEST_ABORTED, 0xC0000240, "request aborted")                                              \
    X(TOO_MANY_LINKS, 0xC0000265, "too many links")                                                \
    X(NOT_A_REPARSE_POINT, 0xC0000275, "not a reparse point")                                      \
    X(NETWORK_SESSION_EXPIRED, 0xC000035C, "the session has expired")                              \
    X(HASH_NOT_SUPPORTED, 0xC000A100, "branch cache hashes are not supported")                     \
    X(FILE_SYSTEM_LIMITATION, 0xC0000427, "beyond a limit of the filesystem")                      \
    X(SERVER_UNAVAILABLE, 0xC0000466, "server unavailable")                                        \
    X(FILE_TOO_LARGE, 0xC0000904, "file too large")                                                \
    X(NO_PREAUTH_INTEGRITY_HASH_OVERLAP, 0xC05D0000, "no common preauthentication hash")           \
    X(SMB_BAD_CLUSTER_DIALECT, 0xC05D0001, "the dialect is not offered for a cluster share")       \
    /* Never sent: the connection is closed without an answer (MS-SMB2 3.3.5.2). */                \
    X(DROP_CONNECTION, 0xC000020C, "the connection is closed without an answer")

enum tb_error {
#define TB_ERROR_ENUM(name, status, text) TB_##name,
    TB_ERROR_LIST(TB_ERROR_ENUM)
#undef TB_ERROR_ENUM
        TB_ERROR_COUNT
};

/* An allocation failed: Windows says STATUS_INSUFFICIENT_RESOURCES. */
#define TB_NO_MEMORY TB_INSUFFICIENT_RESOURCES

/* NTSTATUS for the wire. */
uint32_t tb_error_status(enum tb_error error);

/* The error for a status received (client side, traces); TB_UNSUCCESSFUL when none matches. */
enum tb_error tb_error_from_status(uint32_t status);

/* Short English text for logs; static storage. */
const char *tb_error_text(enum tb_error error);

/* "STATUS_ACCESS_DENIED" and so on; static storage. */
const char *tb_error_name(enum tb_error error);

#endif
