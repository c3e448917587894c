/* SESSION_SETUP (MS-SMB2 3.3.5.5): new sessions and re-authentication. */
#include "core/cmd/session_setup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain.h"
#include "core/command.h"
#include "core/conn_internal.h"
#include "core/crypto/digest.h"
#include "core/nt/upcase.h"
#include "core/server_internal.h"
#include "core/session.h"

/* What one request carries from step to step. */
struct progress {
    struct tb_setup *setup;
    struct tb_acceptor_event event;
    enum tb_acceptor_verdict verdict;
    enum tb_error error;
    struct tb_auth_lookup lookup;
    struct tb_task *task; /* whose lookup it is */
    struct tb_session_keys keys;
    struct tb_signer *signer;
    struct tb_sealer *sealer_in, *sealer_out;
};

static struct tb_setup *find_setup(const struct tb_conn *conn, uint64_t session_id)
{
    tb_list_for_each (i, &conn->setups) {
        struct tb_setup *setup = tb_container(i, struct tb_setup, in_conn);
        if (setup->session->by_id.key == session_id)
            return setup;
    }
    return NULL;
}

static enum tb_error setup_new(struct tb_conn *conn, struct tb_session *session, bool again,
                               struct tb_setup **out) TB_INSIDE
{
    struct tb_setup *setup = calloc(1, sizeof(*setup));
    if (!setup)
        return TB_NO_MEMORY;
    setup->conn = conn;
    setup->session = tb_session_hold(session);
    setup->again = again;
    setup->preauth = conn->preauth;
    tb_list_append(&conn->setups, &setup->in_conn);
    *out = setup;
    return TB_OK;
}

static void setup_end(struct tb_setup *setup, bool good) TB_INSIDE
{
    tb_list_remove(&setup->in_conn);
    if (!good && !setup->again)
        tb_session_end(setup->session);
    tb_session_release(setup->session);
    tb_acceptor_destroy(setup->acceptor);
    free(setup);
}

void tb_setup_end_all(struct tb_conn *conn)
{
    tb_list_for_each (i, &conn->setups) {
        struct tb_setup *setup = tb_container(i, struct tb_setup, in_conn);
        if (!setup->busy)
            setup_end(setup, false);
    }
}

static enum tb_error begin_new(struct tb_request *request, struct tb_setup **out) TB_INSIDE
{
    struct tb_conn *conn = request->conn;
    const struct tb_server_config *config = &request->server->config;
    if (config->encryption == TB_ENCRYPTION_REQUIRED && conn->cipher == TB_CIPHER_NONE)
        return TB_ACCESS_DENIED;
    unsigned setups = 0;
    tb_list_for_each (i, &conn->setups)
        setups++;
    if (conn->channel_count + setups >= config->sessions_max)
        return TB_INSUFFICIENT_RESOURCES;
    struct tb_session *session;
    enum tb_error error = tb_session_create(request->server, &session);
    if (error != TB_OK)
        return error;
    session->dialect = conn->dialect;
    session->conn_id = conn->id;
    session->cipher = conn->cipher;
    error = setup_new(conn, session, false, out);
    if (error == TB_OK)
        request->header.session_id = session->by_id.key;
    else
        tb_session_end(session);
    return error;
}

static enum tb_error find_or_begin(struct tb_request *request, struct tb_setup **out) TB_INSIDE
{
    struct tb_conn *conn = request->conn;
    uint64_t session_id = request->header.session_id;
    /* No multichannel is advertised (MS-SMB2 3.3.5.5.2). */
    if (request->body.session_setup.flags & TB_SMB2_SESSION_FLAG_BINDING)
        return tb_session_find(request->server, session_id) ? TB_REQUEST_NOT_ACCEPTED
                                                            : TB_USER_SESSION_DELETED;
    if (session_id == 0)
        return begin_new(request, out);
    *out = find_setup(conn, session_id);
    if (*out)
        return (*out)->busy ? TB_REQUEST_NOT_ACCEPTED : TB_OK;
    struct tb_channel *channel = request->channel;
    if (!channel || channel->session->state != TB_SESSION_VALID)
        return TB_USER_SESSION_DELETED;
    return setup_new(conn, channel->session, true, out);
}

static enum tb_error make_acceptor(struct tb_request *request, struct tb_setup *setup)
{
    const struct tb_server *server = request->server;
    const struct tb_server_config *config = &server->config;
    struct tb_acceptor_config acceptor = {
        .ntlm.names = {config->domain, config->name, config->dns_name, config->dns_name},
        .ntlm.time_filetime = tb_env_wall_filetime(&server->env),
    };
    tb_env_random(&server->env, TB_RANDOM_CHALLENGE, acceptor.ntlm.challenge,
                  sizeof(acceptor.ntlm.challenge));
    return tb_acceptor_create(&acceptor, &setup->acceptor);
}

/* Keys and their handles for a session that is new (MS-SMB2 3.3.5.5.3). Outside. */
static enum tb_error make_keys(struct tb_request *request, struct progress *p)
{
    const struct tb_conn *conn = request->conn;
    const struct tb_setup *setup = p->setup;
    if (setup->again || p->event.session_key.length == 0)
        return TB_OK;
    enum tb_error error = tb_session_keys_derive(conn->dialect, conn->cipher, p->event.session_key,
                                                 &setup->preauth, &p->keys);
    if (error == TB_OK)
        error = tb_signer_create(conn->signing_algorithm, p->keys.signing, &p->signer);
    size_t length = p->keys.cipher_key_length;
    if (error == TB_OK && length > 0)
        error = tb_sealer_create(conn->cipher, tb_span(p->keys.server_in, length), &p->sealer_in);
    if (error == TB_OK && length > 0)
        error = tb_sealer_create(conn->cipher, tb_span(p->keys.server_out, length), &p->sealer_out);
    return error;
}

static void take_token(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = request->state;
    struct tb_setup *setup = p->setup;
    p->error = TB_OK;
    if (!setup->acceptor)
        p->error = make_acceptor(request, setup);
    if (p->error == TB_OK && request->conn->dialect == TB_SMB2_DIALECT_311 && !setup->again)
        p->error = tb_preauth_update(&setup->preauth, &request->message, 1);
    if (p->error == TB_OK)
        p->error = tb_acceptor_step(setup->acceptor, request->body.session_setup.security_buffer,
                                    &p->event);
    if (p->error == TB_OK && p->event.kind == TB_ACCEPTOR_COMPLETE)
        p->error = make_keys(request, p);
}

static void identify(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = request->state;
    p->error = tb_acceptor_identify(p->setup->acceptor, p->verdict, p->lookup.nt_hash, &p->event);
    tb_wipe(p->lookup.nt_hash, sizeof(p->lookup.nt_hash));
    if (p->error == TB_OK)
        p->error = make_keys(request, p);
}

static void looked_up_anywhere(struct tb_auth_lookup *lookup, enum tb_error error)
{
    struct progress *p = tb_container(lookup, struct progress, lookup);
    p->error = error;
    tb_task_resume(p->task);
}

static void look_up(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = request->state;
    const struct tb_auth *auth = &request->server->auth;
    p->task = task;
    p->lookup.user = p->event.identity->user;
    p->lookup.domain = p->event.identity->domain;
    p->lookup.done = looked_up_anywhere;
    auth->ops->lookup(auth->data, &p->lookup);
}

/* Who fails to authenticate again loses the session, too. */
static void fail(struct tb_request *request, enum tb_error error) TB_INSIDE
{
    struct progress *p = request->state;
    tb_session_end(p->setup->session);
    setup_end(p->setup, false);
    p->setup = NULL;
    tb_request_finish(request, error);
}

static bool answer_with_token(struct tb_request *request, const struct progress *p)
{
    struct tb_span reply = p->event.reply;
    uint8_t *bytes = tb_request_alloc(request, reply.length ? reply.length : 1);
    if (!bytes)
        return false;
    if (reply.length)
        memcpy(bytes, reply.data, reply.length);
    request->response.session_setup.security_buffer = tb_span(bytes, reply.length);
    return true;
}

/* MS-SMB2 3.3.5.5: the response of an authentication that goes on is hashed as sent. */
static void interim_encoded(struct tb_request *request, struct tb_span answer)
{
    struct progress *p = request->state;
    struct tb_conn *conn = request->conn;
    if (request->status != TB_MORE_PROCESSING_REQUIRED)
        return;
    struct tb_setup *setup = find_setup(conn, request->header.session_id);
    if (setup && setup == p->setup && !setup->again && conn->dialect == TB_SMB2_DIALECT_311 &&
        tb_preauth_update(&setup->preauth, &answer, 1) != TB_OK)
        tb_conn_drop(conn);
}

static void go_on(struct tb_request *request) TB_INSIDE
{
    struct progress *p = request->state;
    if (!answer_with_token(request, p)) {
        fail(request, TB_NO_MEMORY);
        return;
    }
    p->setup->busy = false;
    request->encoded = interim_encoded;
    tb_request_finish(request, TB_MORE_PROCESSING_REQUIRED);
}

static void end_previous(struct tb_request *request, const struct tb_session *session) TB_INSIDE
{
    uint64_t previous_id = request->body.session_setup.previous_session_id;
    if (previous_id == 0 || previous_id == session->by_id.key)
        return;
    struct tb_session *previous = tb_session_find(request->server, previous_id);
    if (previous && previous->state == TB_SESSION_VALID && !session->guest &&
        !session->anonymous && previous->guest == session->guest &&
        tb_name_equal_folded(previous->identity->user, session->identity->user))
        tb_session_end(previous);
}

/* MS-SMB2 3.3.5.5.3: who must sign, who must encrypt. */
static void set_policy(struct tb_request *request, struct tb_session *session,
                       struct tb_channel *channel) TB_INSIDE
{
    const struct tb_server_config *config = &request->server->config;
    bool somebody = !session->guest && !session->anonymous;
    uint16_t client_mode =
        request->body.session_setup.security_mode | request->conn->client_security_mode;
    channel->established = true;
    channel->signing_required =
        somebody && (config->signing == TB_SIGNING_REQUIRED ||
                     client_mode & TB_SMB2_NEGOTIATE_SIGNING_REQUIRED);
    session->encrypt = somebody && channel->sealer_out &&
                       config->encryption >= TB_ENCRYPTION_DESIRED;
}

static enum tb_error become(const struct progress *p) TB_INSIDE
{
    return tb_session_become(p->setup->session, &p->lookup.identity,
                             p->verdict == TB_VERDICT_GUEST, p->verdict == TB_VERDICT_ANONYMOUS);
}

static enum tb_error establish(struct tb_request *request, struct progress *p) TB_INSIDE
{
    struct tb_session *session = p->setup->session;
    struct tb_channel *channel = tb_channel_new(request->conn, session);
    if (!channel)
        return TB_NO_MEMORY;
    enum tb_error error = become(p);
    if (error != TB_OK) {
        tb_channel_end(channel);
        return error;
    }
    session->keys = p->keys;
    if (!session->anonymous) {
        channel->signer = p->signer;
        channel->sealer_in = p->sealer_in;
        channel->sealer_out = p->sealer_out;
        p->signer = NULL;
        p->sealer_in = p->sealer_out = NULL;
    }
    set_policy(request, session, channel);
    if (request->server->config.encryption == TB_ENCRYPTION_REQUIRED && !session->encrypt) {
        tb_channel_end(channel);
        return TB_ACCESS_DENIED;
    }
    session->state = TB_SESSION_VALID;
    request->channel = tb_channel_hold(channel);
    tb_conn_authenticated(request->conn);
    end_previous(request, session);
    return TB_OK;
}

/* Again: neither keys nor what is open change. A user may become another, or nobody; but nobody does
 * not become a user, whose messages would then be without protection. */
static enum tb_error reestablish(const struct tb_request *request) TB_INSIDE
{
    const struct progress *p = request->state;
    const struct tb_session *session = p->setup->session;
    if (session->state != TB_SESSION_VALID)
        return TB_USER_SESSION_DELETED;
    bool guest = p->verdict == TB_VERDICT_GUEST;
    bool unprotected = !request->channel || !request->channel->signer;
    if (session->guest != guest || (unprotected && p->verdict == TB_VERDICT_PASSWORD))
        return TB_ACCESS_DENIED;
    return become(p);
}

static void complete(struct tb_request *request) TB_INSIDE
{
    struct progress *p = request->state;
    struct tb_session *session = p->setup->session;
    enum tb_error error = TB_OK;
    if (request->conn->state != TB_CONN_OPEN || session->state == TB_SESSION_DEAD)
        error = TB_USER_SESSION_DELETED;
    else if (!answer_with_token(request, p))
        error = TB_NO_MEMORY;
    else
        error = p->setup->again ? reestablish(request) : establish(request, p);
    if (error != TB_OK) {
        fail(request, error);
        return;
    }
    uint16_t flags = 0;
    if (session->guest)
        flags |= TB_SMB2_SESSION_FLAG_IS_GUEST;
    if (session->anonymous)
        flags |= TB_SMB2_SESSION_FLAG_IS_NULL;
    if (session->encrypt)
        flags |= TB_SMB2_SESSION_FLAG_ENCRYPT_DATA;
    request->response.session_setup.session_flags = flags;
    setup_end(p->setup, true);
    p->setup = NULL;
    tb_request_finish(request, TB_OK);
}

static void identified(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = request->state;
    if (p->error != TB_OK)
        fail(request, p->error);
    else
        complete(request);
}

/* An unknown user may become a guest where some share allows it; a known one with a wrong password
 * never does. */
static void looked_up(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = request->state;
    if (p->error == TB_LOGON_FAILURE && request->server->any_guest) {
        p->verdict = TB_VERDICT_GUEST;
        memset(&p->lookup.identity, 0, sizeof(p->lookup.identity));
    } else if (p->error != TB_OK) {
        fail(request, p->error);
        return;
    }
    tb_task_work(task, identify, identified);
}

static void decide_identity(struct tb_request *request) TB_INSIDE
{
    struct progress *p = request->state;
    if (!p->event.identity->anonymous) {
        p->verdict = TB_VERDICT_PASSWORD;
        tb_task_start(&request->task, look_up, looked_up);
        return;
    }
    if (!request->server->any_guest && !p->setup->again) {
        fail(request, TB_ACCESS_DENIED);
        return;
    }
    p->verdict = TB_VERDICT_ANONYMOUS;
    tb_task_work(&request->task, identify, identified);
}

static void token_taken(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = request->state;
    if (p->error != TB_OK) {
        fail(request, p->error);
        return;
    }
    switch (p->event.kind) {
    case TB_ACCEPTOR_CONTINUE:
        go_on(request);
        return;
    case TB_ACCEPTOR_IDENTITY:
        decide_identity(request);
        return;
    case TB_ACCEPTOR_COMPLETE:
        complete(request);
        return;
    case TB_ACCEPTOR_MECHANISM:
        break;
    }
    fail(request, TB_LOGON_FAILURE);
}

static void clean(struct tb_request *request)
{
    struct progress *p = request->state;
    tb_signer_destroy(p->signer);
    tb_sealer_destroy(p->sealer_in);
    tb_sealer_destroy(p->sealer_out);
    tb_session_keys_wipe(&p->keys);
    tb_wipe(p->lookup.nt_hash, sizeof(p->lookup.nt_hash));
}

static void session_setup(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct progress *p = tb_request_alloc(request, sizeof(*p));
    request->state = p;
    enum tb_error error = p ? find_or_begin(request, &p->setup) : TB_NO_MEMORY;
    if (error != TB_OK) {
        tb_request_finish(request, error);
        return;
    }
    request->clean = clean;
    p->setup->busy = true;
    tb_task_work(task, take_token, token_taken);
}

static enum tb_error decode(struct tb_span message, union tb_request_body *body)
{
    return tb_session_setup_request_decode(message, &body->session_setup);
}

static void encode(struct tb_writer *w, const struct tb_request *request)
{
    tb_session_setup_response_encode(w, &request->response.session_setup);
}

static size_t extra(const struct tb_request *request)
{
    size_t length = request->response.session_setup.security_buffer.length;
    return length > 256 ? length : 0;
}

const struct tb_command tb_command_session_setup = {
    .name = "SESSION_SETUP",
    .needs = TB_SERVED_ABOVE_BUDGET,
    .decode = decode,
    .start = session_setup,
    .encode = encode,
    .extra = extra,
};
