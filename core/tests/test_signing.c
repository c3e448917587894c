#include "sim/check.h"
#include <stdlib.h>
#include <string.h>

#define SEEDS 200

static struct tb_sim_tree *plain_tree(struct tb_sim_fixture *f)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    client->encrypt = false;
    return tb_sim_tree_of(tb_sim_session(client), "share");
}

static struct tb_sim_tree *encrypted_tree(struct tb_sim_fixture *f)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(
        f, tb_sim_random_chance(&f->random, 2) ? TB_SMB2_DIALECT_302 : TB_SMB2_DIALECT_311);
    client->encrypt = true;
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(client), "share");
    tb_sim_require(tree->session->encrypt);
    return tree;
}

/* Send one request with one byte of the finished message changed. */
static enum tb_error send_changed(struct tb_sim_request *r, size_t at)
{
    struct tb_sim_message message = tb_sim_finish(&r, 1);
    r->lenient = true;
    tb_sim_require(at < message.length);
    message.bytes[at] ^= 0x40;
    tb_sim_transmit(r->client, &r, 1, message);
    enum tb_error error = tb_sim_wait(r);
    tb_sim_request_free(r);
    return error;
}

static void require_refused(enum tb_error error)
{
    tb_sim_require(error == TB_ACCESS_DENIED || error == TB_DROP_CONNECTION);
}

SIM_TEST(wrong_signature, SEEDS)
{
    struct tb_sim_tree *tree = plain_tree(f);
    struct tb_sim_create create = {.name = "file", .disposition = TB_FILE_CREATE};
    size_t at = 48 + tb_sim_random_below(&f->random, 16);
    require_refused(send_changed(tb_sim_create_request(tree, &create), at));
    struct tb_sim_tree *other = plain_tree(f);
    tb_sim_require_error(tb_sim_open(other, "file", TB_FILE_OPEN, NULL),
                         TB_OBJECT_NAME_NOT_FOUND);
}

SIM_TEST(changed_body, SEEDS)
{
    struct tb_sim_tree *tree = plain_tree(f);
    struct tb_sim_open file;
    uint8_t byte;
    size_t length = 1;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    struct tb_sim_request *r = tb_sim_write_request(tree, file.id, 0, "data", 4);
    require_refused(send_changed(r, 112 + tb_sim_random_below(&f->random, 4)));
    struct tb_sim_open again;
    tb_sim_require_ok(tb_sim_open(plain_tree(f), "file", TB_FILE_OPEN, &again));
    tb_sim_require_error(tb_sim_read(&again, 0, &byte, &length), TB_END_OF_FILE);
}

SIM_TEST(missing_signature, SEEDS)
{
    struct tb_sim_tree *tree = plain_tree(f);
    struct tb_sim_create create = {.name = "file", .disposition = TB_FILE_CREATE};
    struct tb_sim_request *r = tb_sim_create_request(tree, &create);
    r->plain = r->lenient = true;
    require_refused(tb_sim_do(r));
    tb_sim_require_error(tb_sim_open(plain_tree(f), "file", TB_FILE_OPEN, NULL),
                         TB_OBJECT_NAME_NOT_FOUND);
}

/* In 3.1.1 a TREE_CONNECT in clear and unsigned ends the connection (MS-SMB2 3.3.5.7). */
SIM_TEST(unsigned_tree_connect, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, TB_SMB2_DIALECT_311);
    client->encrypt = false;
    struct tb_sim_request *r = tb_sim_tree_connect_request(tb_sim_session(client), "share");
    r->plain = r->lenient = true;
    require_refused(tb_sim_do(r));
}

static void configure_optional(struct tb_sim_fixture *f)
{
    f->config.signing = TB_SIGNING_OPTIONAL;
}

SIM_TEST_CONFIGURED(optional_signing, SEEDS, configure_optional)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, TB_SMB2_DIALECT_302);
    struct tb_sim_open file;
    client->encrypt = false;
    client->sign = false;
    tb_sim_require_equal(client->server_security_mode, TB_SMB2_NEGOTIATE_SIGNING_ENABLED);
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(client), "share");
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tree->session->sign = true;
    tb_sim_require_ok(tb_sim_write(&file, 0, "signed", 6));
}

/* What a client demands holds for its session (MS-SMB2 3.3.5.5.3). */
SIM_TEST_CONFIGURED(signing_required_by_client, SEEDS, configure_optional)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, TB_SMB2_DIALECT_302);
    client->encrypt = false;
    client->offer.security_mode = TB_SMB2_NEGOTIATE_SIGNING_REQUIRED;
    struct tb_sim_session *session = tb_sim_session(client);
    struct tb_sim_request *r = tb_sim_tree_connect_request(session, "share");
    r->plain = r->lenient = true;
    require_refused(tb_sim_do(r));
}

/* The same message twice: its id is used up (MS-SMB2 3.3.5.2.3). */
SIM_TEST(replayed_message, SEEDS)
{
    struct tb_sim_tree *tree =
        tb_sim_random_chance(&f->random, 2) ? plain_tree(f) : encrypted_tree(f);
    struct tb_sim_client *client = tree->session->client;
    struct tb_sim_request *r = tb_sim_echo_request(client, tree->session);
    struct tb_sim_message message = tb_sim_finish(&r, 1), copy = {malloc(message.length),
                                                                  message.length};
    memcpy(copy.bytes, message.bytes, message.length);
    tb_sim_transmit(client, &r, 1, message);
    tb_sim_require_ok(tb_sim_wait(r));
    tb_sim_request_free(r);
    tb_sim_send_raw(client, tb_span(copy.bytes, copy.length));
    free(copy.bytes);
    tb_sim_client_wait_end(client);
}

/* Whatever byte of an encrypted message is changed: the connection ends (MS-SMB2 3.3.5.2.1.1). */
SIM_TEST(changed_ciphertext, SEEDS * 2)
{
    struct tb_sim_tree *tree = encrypted_tree(f);
    struct tb_sim_request *r = tb_sim_echo_request(tree->session->client, tree->session);
    size_t at = 4 + tb_sim_random_below(&f->random, 52 + 68 - 4);
    if (at >= 42 && at < 44)
        at = 20; /* the flags: another test */
    tb_sim_require_error(send_changed(r, at), TB_DROP_CONNECTION);
}

SIM_TEST(encrypted_session, SEEDS)
{
    struct tb_sim_tree *tree = encrypted_tree(f);
    struct tb_sim_open file;
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    for (unsigned i = 0; i < 20; i++)
        tb_sim_require_ok(tb_sim_write(&file, i, "x", 1));
    tb_sim_require_ok(tb_sim_close(&file));
}

/* A share that demands encryption: its tree says so, and what comes in clear is refused. */
SIM_TEST(encrypted_share, SEEDS)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(
        f, tb_sim_random_chance(&f->random, 2) ? TB_SMB2_DIALECT_300 : TB_SMB2_DIALECT_311);
    client->encrypt = false;
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(client), "sealed");
    struct tb_sim_open file;
    tb_sim_require(tree->encrypt);
    tb_sim_require_ok(tb_sim_open(tree, "file", TB_FILE_CREATE, &file));
    tb_sim_require_ok(tb_sim_close(&file));
    tree->encrypt = false;
    struct tb_sim_create create = {.name = "file", .disposition = TB_FILE_OPEN};
    struct tb_sim_request *r = tb_sim_create_request(tree, &create);
    r->lenient = true;
    tb_sim_require_error(tb_sim_do(r), TB_ACCESS_DENIED);
}

SIM_TEST(encrypted_share_needs_smb3, SEEDS)
{
    struct tb_sim_session *session = tb_sim_session(tb_sim_connect_dialect(
        f, tb_sim_random_chance(&f->random, 2) ? TB_SMB2_DIALECT_202 : TB_SMB2_DIALECT_210));
    tb_sim_require_error(tb_sim_tree_connect(session, "sealed", NULL), TB_ACCESS_DENIED);
}

static void configure_encryption(struct tb_sim_fixture *f)
{
    f->config.encryption = TB_ENCRYPTION_REQUIRED;
}

SIM_TEST_CONFIGURED(encryption_required, SEEDS, configure_encryption)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, TB_SMB2_DIALECT_311);
    client->encrypt = false;
    struct tb_sim_session *session = tb_sim_session(client);
    tb_sim_require(session->flags & TB_SMB2_SESSION_FLAG_ENCRYPT_DATA);
    tb_sim_require(session->encrypt);
    tb_sim_tree_of(session, "share");
    session->encrypt = false;
    struct tb_sim_request *r = tb_sim_tree_connect_request(session, "share");
    r->lenient = true;
    require_refused(tb_sim_do(r));
    client = tb_sim_connect_dialect(f, TB_SMB2_DIALECT_210);
    tb_sim_require(tb_sim_logon(client,
                                &(struct tb_sim_logon){.user = "user", .password = "password"},
                                NULL) != TB_OK);
}

SIM_MAIN("signing and encryption", test_wrong_signature, test_changed_body, test_missing_signature,
         test_unsigned_tree_connect, test_optional_signing, test_signing_required_by_client,
         test_replayed_message, test_changed_ciphertext, test_encrypted_session,
         test_encrypted_share, test_encrypted_share_needs_smb3, test_encryption_required)
