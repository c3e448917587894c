#include "core/error.h"

#include <assert.h>
#include <stddef.h>

struct error_row {
    uint32_t status;
    const char *name;
    const char *text;
};

static const struct error_row error_rows[TB_ERROR_COUNT] = {
#define TB_ERROR_ROW(name, status, text) {status, "STATUS_" #name, text},
    TB_ERROR_LIST(TB_ERROR_ROW)
#undef TB_ERROR_ROW
};

uint32_t tb_error_status(enum tb_error error)
{
    assert((unsigned)error < TB_ERROR_COUNT);
    return error_rows[error].status;
}

enum tb_error tb_error_from_status(uint32_t status)
{
    for (size_t i = 0; i < TB_ERROR_COUNT; i++)
        if (error_rows[i].status == status)
            return (enum tb_error)i;
    return TB_UNSUCCESSFUL;
}

const char *tb_error_text(enum tb_error error)
{
    assert((unsigned)error < TB_ERROR_COUNT);
    return error_rows[error].text;
}

const char *tb_error_name(enum tb_error error)
{
    assert((unsigned)error < TB_ERROR_COUNT);
    return error_rows[error].name;
}
