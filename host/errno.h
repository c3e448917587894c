/* The only table from errno to the errors used inside. */
#ifndef TB_HOST_ERRNO_H
#define TB_HOST_ERRNO_H

#include "core/error.h"

/* TB_OK for 0; TB_UNSUCCESSFUL for a number that says nothing about files. */
enum tb_error tb_error_from_errno(int number);

#endif
