#include "core/auth/token.h"
#include "core/crypto/digest.h"

#include <stdlib.h>

enum tb_error tb_token_alloc(struct tb_token *token, size_t length)
{
    token->data = calloc(1, length ? length : 1);
    token->length = token->data ? length : 0;
    return token->data ? TB_OK : TB_NO_MEMORY;
}

enum tb_error tb_token_copy(struct tb_token *token, struct tb_span bytes)
{
    enum tb_error error = tb_token_alloc(token, bytes.length);

    if (!error && bytes.length)
        memcpy(token->data, bytes.data, bytes.length);
    return error;
}

void tb_token_free(struct tb_token *token)
{
    tb_wipe_and_free(token->data, token->length);
    *token = (struct tb_token){0};
}
