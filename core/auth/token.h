/* Bytes of an authentication token that their holder owns. May hold secrets: freeing wipes. */
#ifndef TB_AUTH_TOKEN_H
#define TB_AUTH_TOKEN_H

#include "core/bytes.h"
#include "core/error.h"

/* All zeros is the empty token. */
struct tb_token {
    uint8_t *data;
    size_t length;
};

/* `length` zero bytes. Errors: TB_NO_MEMORY. */
enum tb_error tb_token_alloc(struct tb_token *token, size_t length);

/* A copy of `bytes`. Errors: TB_NO_MEMORY. */
enum tb_error tb_token_copy(struct tb_token *token, struct tb_span bytes);

/* Wipe, free and leave it empty. */
void tb_token_free(struct tb_token *token);

static inline struct tb_span tb_token_span(const struct tb_token *token)
{
    return tb_span(token->data, token->length);
}

#endif
