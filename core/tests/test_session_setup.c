#include "sim/check.h"
#include <string.h>

#include "core/wire/session_setup.h"

#define SEEDS 200

static enum tb_error logon(struct tb_sim_client *client, const char *user, const char *password,
                           struct tb_sim_session **session)
{
    return tb_sim_logon(client, &(struct tb_sim_logon){.user = user, .password = password},
                        session);
}

SIM_TEST(users, SEEDS)
{
    struct tb_sim_session *session;
    tb_sim_require_ok(logon(tb_sim_connect_dialect(f, 0), "user", "password", &session));
    tb_sim_require_equal(session->flags & (TB_SMB2_SESSION_FLAG_IS_GUEST |
                                           TB_SMB2_SESSION_FLAG_IS_NULL), 0);
    tb_sim_require_ok(logon(tb_sim_connect_dialect(f, 0), "USER", "password", NULL));
    tb_sim_require_ok(logon(tb_sim_connect_dialect(f, 0), "Jürgen", "grüße", NULL));
}

SIM_TEST(refused_users, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    tb_sim_require_error(logon(client, "user", "wrong", NULL), TB_LOGON_FAILURE);
    tb_sim_require_error(logon(client, "user", "Password", NULL), TB_LOGON_FAILURE);
    tb_sim_require_error(logon(client, "nobody", "password", NULL), TB_LOGON_FAILURE);
    enum tb_error disabled = logon(client, "disabled", "password", NULL);
    tb_sim_require(disabled == TB_ACCOUNT_DISABLED || disabled == TB_LOGON_FAILURE);
    tb_sim_require_ok(logon(client, "user", "password", NULL));
}

SIM_TEST(anonymous_is_refused, SEEDS)
{
    enum tb_error error = logon(tb_sim_connect_dialect(f, 0), "", "", NULL);
    tb_sim_require(error == TB_ACCESS_DENIED || error == TB_LOGON_FAILURE);
}

static void configure_guest(struct tb_sim_fixture *f)
{
    f->with_guest = true;
    f->config.signing = TB_SIGNING_OPTIONAL;
}

static struct tb_sim_client *connect_plain(struct tb_sim_fixture *f)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    client->encrypt = false;
    return client;
}

SIM_TEST_CONFIGURED(anonymous, SEEDS, configure_guest)
{
    struct tb_sim_session *session;
    tb_sim_require_ok(logon(connect_plain(f), "", "", &session));
    tb_sim_require(session->flags & TB_SMB2_SESSION_FLAG_IS_NULL);
    if (session->client->dialect == TB_SMB2_DIALECT_311)
        return; /* an unsigned TREE_CONNECT closes the connection there */
    tb_sim_require_ok(tb_sim_tree_connect(session, "guest", NULL));
    tb_sim_require_error(tb_sim_tree_connect(session, "share", NULL), TB_ACCESS_DENIED);
}

/* Only an unknown user becomes a guest; a wrong password stays wrong. */
SIM_TEST_CONFIGURED(guest, SEEDS, configure_guest)
{
    struct tb_sim_session *session;
    tb_sim_require_error(logon(connect_plain(f), "user", "wrong", NULL), TB_LOGON_FAILURE);
    tb_sim_require_ok(logon(connect_plain(f), "stranger", "x", &session));
    tb_sim_require(session->flags & TB_SMB2_SESSION_FLAG_IS_GUEST);
    if (session->client->dialect == TB_SMB2_DIALECT_311)
        return;
    tb_sim_require_ok(tb_sim_tree_connect(session, "guest", NULL));
    tb_sim_require_error(tb_sim_tree_connect(session, "share", NULL), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_tree_connect(session, "nothing", NULL), TB_BAD_NETWORK_NAME);
}

SIM_TEST(other_mechanisms_first, SEEDS)
{
    static const enum tb_mechanism preferred[] = {TB_MECHANISM_KERBEROS, TB_MECHANISM_MS_KERBEROS,
                                                  TB_MECHANISM_NEGOEX};
    struct tb_sim_logon wanted = {.user = "user",
                                  .password = "password",
                                  .preferred = preferred[f->world.seed % 3]};
    tb_sim_require_ok(tb_sim_logon(tb_sim_connect_dialect(f, 0), &wanted, NULL));
    wanted.preferred = TB_MECHANISM_UNKNOWN;
    wanted.bare = true;
    tb_sim_require_ok(tb_sim_logon(tb_sim_connect_dialect(f, 0), &wanted, NULL));
}

SIM_TEST(logoff, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_session *session = tree->session;
    struct tb_sim_client *client = session->client;
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_logoff(session));
    enum tb_error after = tb_sim_tree_connect(session, "share", NULL);
    tb_sim_require(after == TB_USER_SESSION_DELETED || after == TB_DROP_CONNECTION);
    if (client->ended)
        return;
    tb_sim_require_ok(tb_sim_echo(client, NULL));
    tb_sim_tree_of(tb_sim_session(client), "share");
}

/* Two sessions of one connection are told apart by their ids and keys. */
SIM_TEST(two_sessions, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_session *user = tb_sim_session(client), *admin;
    tb_sim_require_ok(logon(client, "admin", "Secret-2", &admin));
    tb_sim_require(user->id != admin->id);
    tb_sim_require_error(tb_sim_tree_connect(user, "private", NULL), TB_ACCESS_DENIED);
    struct tb_sim_tree *tree = tb_sim_tree_of(admin, "private");
    tb_sim_require_ok(tb_sim_logoff(user));
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &(struct tb_sim_open){0}));
}

/* A session id of another session does not open its trees. */
SIM_TEST(foreign_tree, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_session *user = tb_sim_session(client), *admin;
    tb_sim_require_ok(logon(client, "admin", "Secret-2", &admin));
    struct tb_sim_tree *tree = tb_sim_tree_of(admin, "private");
    struct tb_sim_tree stolen = *tree;
    stolen.session = user;
    tb_sim_require_error(tb_sim_open(&stolen, "file", TB_FILE_OPEN_IF, NULL),
                         TB_NETWORK_NAME_DELETED);
}

/* Re-authentication changes neither keys nor what is open (MS-SMB2 3.3.5.5.2). */
SIM_TEST(reauthentication, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_open file;
    struct tb_sim_logon again = {
        .user = "user", .password = "password", .again = tree->session};
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_logon(tree->session->client, &again, NULL));
    tb_sim_require_ok(tb_sim_write(&file, 0, "after", 5));
    tb_sim_require_ok(tb_sim_close(&file));
}

/* Another user takes the session over: what is open stays what it was, the rest is the new user's. */
SIM_TEST(reauthentication_as_another, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_session *session = tb_sim_session(client);
    struct tb_sim_tree *tree = tb_sim_tree_of(session, "share"), *private;
    struct tb_sim_logon user = {.user = "user", .password = "password", .again = session};
    struct tb_sim_logon admin = {.user = "admin", .password = "Secret-2", .again = session};
    struct tb_sim_open file, secret;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_error(tb_sim_tree_connect(session, "private", NULL), TB_ACCESS_DENIED);
    for (unsigned i = 0; i < 20; i++) {
        tb_sim_require_ok(tb_sim_logon(client, &admin, NULL));
        tb_sim_require_ok(tb_sim_write(&file, i, "x", 1));
        private = tb_sim_tree_of(session, "private");
        tb_sim_require_ok(tb_sim_open(private, "secret", TB_FILE_OPEN_IF, &secret));
        tb_sim_require_ok(tb_sim_logon(client, &user, NULL));
        tb_sim_require_ok(tb_sim_write(&secret, 0, "still", 5));
        tb_sim_require_error(tb_sim_open(private, "secret", TB_FILE_OPEN, NULL), TB_ACCESS_DENIED);
        tb_sim_require_error(tb_sim_tree_connect(session, "private", NULL), TB_ACCESS_DENIED);
        tb_sim_require_ok(tb_sim_close(&secret));
    }
}

/* As nobody at all: nothing more may be opened, until somebody is back. */
SIM_TEST(reauthentication_as_nobody, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_session *session = tree->session;
    struct tb_sim_logon nobody = {.user = "", .password = "", .again = session};
    struct tb_sim_logon user = {.user = "user", .password = "password", .again = session};
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_logon(session->client, &nobody, NULL));
    tb_sim_require_ok(tb_sim_write(&file, 0, "x", 1));
    tb_sim_require_error(tb_sim_open(tree, "other", TB_FILE_OPEN_IF, NULL), TB_ACCESS_DENIED);
    tb_sim_require_error(tb_sim_tree_connect(session, "share", NULL), TB_ACCESS_DENIED);
    tb_sim_require_ok(tb_sim_logon(session->client, &user, NULL));
    tb_sim_require_ok(tb_sim_open(tree, "other", TB_FILE_OPEN_IF, NULL));
}

SIM_TEST(failed_reauthentication, SEEDS)
{
    struct tb_sim_tree *tree = tb_sim_tree(f);
    struct tb_sim_client *client = tree->session->client;
    struct tb_sim_logon again = {.user = "user", .password = "wrong", .again = tree->session};
    tb_sim_require_error(tb_sim_logon(client, &again, NULL), TB_LOGON_FAILURE);
    tb_sim_require(tb_sim_open(tree, "file", TB_FILE_OPEN_IF, NULL) != TB_OK);
    tb_sim_require_ok(tb_sim_echo(client, NULL));
    tb_sim_session(client);
}

/* A client that comes back names its old session, which ends with all that was open in it. */
SIM_TEST(previous_session, SEEDS)
{
    struct tb_sim_tree *old = tb_sim_tree(f);
    struct tb_sim_create exclusive = {
        .name = "file", .disposition = TB_FILE_OPEN_IF, .unshared = true};
    struct tb_sim_session *session;
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    tb_sim_require_ok(tb_sim_create(old, &exclusive, NULL));
    tb_sim_require_ok(tb_sim_logon(client,
                                   &(struct tb_sim_logon){.user = "user",
                                                          .password = "password",
                                                          .previous_session_id = old->session->id},
                                   &session));
    tb_sim_require_ok(tb_sim_create(tb_sim_tree_of(session, "share"), &exclusive, NULL));
    enum tb_error error = tb_sim_tree_connect(old->session, "share", NULL);
    tb_sim_require(error == TB_USER_SESSION_DELETED || error == TB_DROP_CONNECTION);
}

/* Somebody else's session does not end. */
SIM_TEST(previous_session_of_another, SEEDS)
{
    struct tb_sim_tree *old = tb_sim_tree(f);
    struct tb_sim_logon wanted = {.user = "admin",
                                  .password = "Secret-2",
                                  .previous_session_id = old->session->id};
    tb_sim_require_ok(tb_sim_logon(tb_sim_connect_dialect(f, 0), &wanted, NULL));
    tb_sim_require_ok(tb_sim_open(old, "file", TB_FILE_CREATE, &(struct tb_sim_open){0}));
}

/* Client and server have hashed different messages: their keys differ. */
SIM_TEST(tampered_preauth, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, TB_SMB2_DIALECT_311);
    struct tb_sim_session *session;
    client->encrypt = false;
    tb_sim_require_ok(tb_sim_logon(
        client,
        &(struct tb_sim_logon){.user = "user", .password = "password", .tamper_preauth = true},
        &session));
    struct tb_sim_request *r = tb_sim_tree_connect_request(session, "share");
    r->lenient = true;
    enum tb_error error = tb_sim_do(r);
    tb_sim_require(error == TB_ACCESS_DENIED || error == TB_DROP_CONNECTION);
}

/* Tokens cut short or changed at any byte: an error, never a session. */
SIM_TEST(mutilated_tokens, SEEDS * 2)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_logon wanted = {.user = "user", .password = "password"};
    struct tb_sim_logon_state state;
    struct tb_sim_request *r = tb_sim_logon_begin(&state, client, &wanted);
    unsigned which = f->world.seed % 2;
    for (unsigned i = 0; r; i++) {
        if (i == which) {
            size_t at = TB_SMB2_HEADER_LENGTH + 24;
            at += tb_sim_random_below(&f->random, r->writer.at - at);
            r->bytes[at] ^= (uint8_t)(1 + tb_sim_random_below(&f->random, 255));
        }
        tb_sim_call(r);
        if (i >= which && !r->lost && r->error == TB_OK) {
            tb_sim_request_free(r);
            tb_sim_logon_abandon(&state);
            return; /* a byte without meaning */
        }
        if (i >= which && r->error == TB_MORE_PROCESSING_REQUIRED && i > 0)
            tb_sim_fail(__FILE__, __LINE__, "goes on");
        r = tb_sim_logon_next(&state, r);
    }
    tb_sim_logon_abandon(&state);
}

/* A bare NTLMSSP token in a SESSION_SETUP; the request, answered. */
static struct tb_sim_request *send_token(struct tb_sim_client *client, uint64_t session_id,
                                         struct tb_token *token)
{
    struct tb_sim_request *r = tb_sim_request_new(client, NULL, NULL, TB_SMB2_SESSION_SETUP,
                                                  token->length + 64);
    tb_session_setup_request_encode(
        &r->writer, &(struct tb_session_setup_request){.security_mode = 1,
                                                       .security_buffer = tb_token_span(token)});
    r->header.session_id = session_id;
    tb_sim_call(r);
    tb_token_free(token);
    return r;
}

/* NTLMv1 and LM responses are 24 bytes, whatever is in them (MS-NLMP 2.2.2.6). */
SIM_TEST(ntlmv1_is_refused, SEEDS)
{
    static const uint8_t user[] = {'u', 0, 's', 0, 'e', 0, 'r', 0}, response[24] = {1};
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    const uint32_t flags = TB_NTLM_UNICODE | TB_NTLM_NTLM | TB_NTLM_REQUEST_TARGET |
                           TB_NTLM_EXTENDED_SECURITY;
    struct tb_token token = {0};
    struct tb_smb2_header h;
    tb_sim_require_ok(
        tb_ntlm_negotiate_encode(&(struct tb_ntlm_negotiate){.flags = flags}, &token));
    struct tb_sim_request *r = send_token(client, 0, &token);
    tb_sim_require_error(r->error, TB_MORE_PROCESSING_REQUIRED);
    tb_sim_require_ok(tb_smb2_header_decode(tb_sim_response(r), &h));
    tb_sim_request_free(r);
    struct tb_ntlm_authenticate authenticate = {
        .flags = flags,
        .lm_response = tb_span(response, f->world.seed % 2 ? sizeof(response) : 0),
        .nt_response = tb_span(response, sizeof(response)),
        .user = tb_span(user, sizeof(user)),
    };
    tb_sim_require_ok(tb_ntlm_authenticate_encode(&authenticate, &token));
    r = send_token(client, h.session_id, &token);
    tb_sim_require_error(r->error, TB_LOGON_FAILURE);
    tb_sim_request_free(r);
}

SIM_TEST(disconnect_in_the_middle, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_logon wanted = {.user = "user", .password = "password"};
    struct tb_sim_logon_state state;
    struct tb_sim_request *r = tb_sim_logon_begin(&state, client, &wanted);
    tb_sim_call(r);
    r = tb_sim_logon_next(&state, r);
    tb_sim_send(&r, 1);
    for (uint64_t steps = tb_sim_random_below(&f->random, 12); steps > 0; steps--)
        tb_sim_world_step(&f->world);
    tb_sim_client_disconnect(client);
    while (!r->done)
        tb_sim_world_step(&f->world);
    tb_sim_request_free(r);
    tb_sim_logon_abandon(&state);
}

static void configure_few(struct tb_sim_fixture *f)
{
    f->config.sessions_max = 3;
}

SIM_TEST_CONFIGURED(limit_of_sessions, SEEDS, configure_few)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    for (unsigned i = 0; i < 3; i++)
        tb_sim_session(client);
    enum tb_error error = logon(client, "user", "password", NULL);
    tb_sim_require(error != TB_OK);
}

SIM_TEST(binding_is_refused, SEEDS)
{
    struct tb_sim_session *session = tb_sim_session(tb_sim_connect_dialect(f, 0));
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_request *r = tb_sim_request_new(client, NULL, NULL, TB_SMB2_SESSION_SETUP, 64);
    r->header.session_id = session->id;
    uint8_t body[] = {25, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    tb_write_bytes(&r->writer, body, sizeof(body));
    tb_sim_require(tb_sim_do(r) != TB_OK);
}

SIM_MAIN("session setup", test_users, test_refused_users, test_anonymous_is_refused,
         test_anonymous, test_guest, test_other_mechanisms_first, test_logoff, test_two_sessions,
         test_foreign_tree, test_reauthentication,
         test_reauthentication_as_another, test_reauthentication_as_nobody,
         test_failed_reauthentication,
         test_previous_session, test_previous_session_of_another, test_tampered_preauth,
         test_mutilated_tokens, test_ntlmv1_is_refused,
         test_disconnect_in_the_middle, test_limit_of_sessions,
         test_binding_is_refused)
