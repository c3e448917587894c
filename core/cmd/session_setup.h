/* Authentications going on (MS-SMB2 3.3.5.5), between the messages of one. */
#ifndef TB_CMD_SESSION_SETUP_H
#define TB_CMD_SESSION_SETUP_H

#include "core/auth/acceptor.h"
#include "core/crypto/preauth.h"
#include "core/list.h"
#include "core/section.h"

struct tb_conn;
struct tb_session;

/* One authentication of one session, new or again. Belongs to its connection's loop. */
struct tb_setup {
    struct tb_list in_conn;
    struct tb_conn *conn;
    struct tb_session *session; /* a reference */
    struct tb_acceptor *acceptor;
    struct tb_preauth preauth;
    bool again; /* the session is valid and stays so if this fails */
    bool busy;  /* a request is working on it */
};

/* The connection is lost: those that no request is working on end, with their sessions. */
void tb_setup_end_all(struct tb_conn *conn) TB_INSIDE;

#endif
