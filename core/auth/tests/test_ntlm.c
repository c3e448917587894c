#include "core/auth/ntlm.h"
#include "core/crypto/digest.h"
#include "core/crypto/tests/hex.h"

/* The NTLMv2 example of MS-NLMP 4.2.4: User, Domain, Password, Server. */
#define CHALLENGE_MESSAGE                                                                          \
    "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef0000000000000000"             \
    "2400240044000000060070170000000f530065007200760065007200"                                     \
    "02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000"
#define AUTHENTICATE_MESSAGE                                                                       \
    "4e544c4d5353500003000000180018006c00000054005400840000000c000c004800000008000800"             \
    "54000000100010005c00000010001000d8000000358288e20501280a0000000f"                             \
    "44006f006d00610069006e00550073006500720043004f004d0050005500540045005200"                     \
    "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"                                             \
    "68cd0ab851e51c96aabc927bebef6a1c"                                                             \
    "01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000"                                     \
    "02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000"             \
    "c5dad2544fc9799094ce1ce90bc9d03e"

#define HASH_OF_PASSWORD "a4f49c406510bdcab6824ee7c30fd852"

static const uint8_t challenge_bytes[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static void release(struct tb_span bytes)
{
    free((void *)bytes.data);
}

START_TEST(example_keys)
{
    struct tb_span user = tb_hex_new("5500730065007200");
    struct tb_span domain = tb_hex_new("44006f006d00610069006e00");
    struct tb_ntlm_authenticate message;
    struct tb_span token = tb_hex_new(AUTHENTICATE_MESSAGE);
    uint8_t hash[16], key[16], proof[16], base[16], encrypted[16], random[16];

    ck_assert_int_eq(tb_ntlm_hash_password("Password", hash), TB_OK);
    tb_assert_hex(hash, HASH_OF_PASSWORD);
    ck_assert_int_eq(tb_ntlm_response_key(hash, user, domain, key), TB_OK);
    tb_assert_hex(key, "0c868a403bfd7a93a3001ef22ef02e3f");
    ck_assert_int_eq(tb_ntlm_authenticate_decode(token, &message), TB_OK);
    struct tb_span structure =
        tb_span_part(message.nt_response, 16, message.nt_response.length - 16, NULL);
    ck_assert_int_eq(tb_ntlm_proof(key, challenge_bytes, structure, proof), TB_OK);
    tb_assert_hex(proof, "68cd0ab851e51c96aabc927bebef6a1c");
    ck_assert_int_eq(tb_ntlm_session_base_key(key, proof, base), TB_OK);
    tb_assert_hex(base, "8de40ccadbc14a82f15cb0ad0de95ca3");
    memset(random, 0x55, sizeof random);
    ck_assert_int_eq(tb_rc4(base, random, encrypted, sizeof encrypted), TB_OK);
    ck_assert_mem_eq(encrypted, message.encrypted_session_key.data, sizeof encrypted);
    release(user);
    release(domain);
    release(token);
}
END_TEST

/* MS-NLMP 4.2.4.4 seals before it signs, so the checksum comes 18 bytes into the RC4 stream. */
START_TEST(example_signature)
{
    uint8_t session_key[16], seal_key[16], signature[16], stream[18 + 8] = {0};
    struct tb_span plain = tb_hex_new("50006c00610069006e007400650078007400");

    memset(session_key, 0x55, sizeof session_key);
    tb_hex("59f600973cc4960a25480a7c196e4c58", seal_key, sizeof seal_key);
    ck_assert_int_eq(
        tb_ntlm_sign(session_key, TB_NTLM_EXTENDED_SECURITY | TB_NTLM_128, false, plain, signature),
        TB_OK);
    memcpy(stream, plain.data, 18);
    memcpy(stream + 18, signature + 4, 8);
    ck_assert_int_eq(tb_rc4(seal_key, stream, stream, sizeof stream), TB_OK);
    tb_assert_hex(stream, "54e50165bf1936dc996020c1811b0f06fb5f7fb38ec5c55d4976");
    release(plain);
}
END_TEST

/* With key exchange the checksum is encrypted; here from the start of the stream, whatever the
 * strength. */
START_TEST(signatures_of_each_strength)
{
    static const uint32_t strengths[] = {TB_NTLM_128, TB_NTLM_56, 0};
    uint8_t session_key[16], plain[16], sealed[16], other[16];
    struct tb_span text = tb_span("list", 4);

    memset(session_key, 0x55, sizeof session_key);
    for (size_t i = 0; i < 3; i++) {
        uint32_t flags = TB_NTLM_EXTENDED_SECURITY | strengths[i];
        ck_assert_int_eq(tb_ntlm_sign(session_key, flags, true, text, plain), TB_OK);
        flags |= TB_NTLM_KEY_EXCHANGE;
        ck_assert_int_eq(tb_ntlm_sign(session_key, flags, true, text, sealed), TB_OK);
        ck_assert_int_eq(tb_ntlm_sign(session_key, flags, false, text, other), TB_OK);
        ck_assert_mem_ne(plain + 4, sealed + 4, 8);
        ck_assert_mem_ne(other + 4, sealed + 4, 8);
        tb_assert_hex(sealed, "01000000");
        tb_assert_hex(sealed + 12, "00000000");
    }
}
END_TEST

START_TEST(example_messages)
{
    struct tb_span token = tb_hex_new(CHALLENGE_MESSAGE), value;
    struct tb_ntlm_challenge challenge;
    struct tb_ntlm_authenticate message;
    bool ok = true;

    ck_assert_int_eq(tb_ntlm_challenge_decode(token, &challenge), TB_OK);
    ck_assert_uint_eq(challenge.flags, 0xe28a8233);
    ck_assert_mem_eq(challenge.challenge, challenge_bytes, 8);
    ck_assert_uint_eq(challenge.target_name.length, 12);
    ck_assert(tb_ntlm_av_find(challenge.target_info, TB_NTLM_AV_NETBIOS_DOMAIN, &value, &ok));
    tb_assert_hex(value.data, "44006f006d00610069006e00");
    ck_assert(!tb_ntlm_av_find(challenge.target_info, TB_NTLM_AV_TIMESTAMP, &value, &ok));
    ck_assert(ok);
    release(token);
    token = tb_hex_new(AUTHENTICATE_MESSAGE);
    ck_assert_int_eq(tb_ntlm_authenticate_decode(token, &message), TB_OK);
    ck_assert_uint_eq(message.flags, 0xe2888235);
    ck_assert_uint_eq(message.user.length, 8);
    ck_assert_uint_eq(message.workstation.length, 16);
    ck_assert_uint_eq(message.nt_response.length, 84);
    ck_assert_uint_eq(message.lm_response.length, 24);
    ck_assert(!message.has_mic);
    release(token);
}
END_TEST

typedef enum tb_error (*decoder)(struct tb_span token);

static enum tb_error decode_negotiate(struct tb_span token)
{
    struct tb_ntlm_negotiate message;
    return tb_ntlm_negotiate_decode(token, &message);
}

static enum tb_error decode_challenge(struct tb_span token)
{
    struct tb_ntlm_challenge message;
    struct tb_span value;
    bool ok = true;
    enum tb_error error = tb_ntlm_challenge_decode(token, &message);

    if (!error)
        (void)tb_ntlm_av_find(message.target_info, TB_NTLM_AV_TARGET_NAME, &value, &ok);
    return error || !ok ? TB_INVALID_PARAMETER : TB_OK;
}

/* Reads every byte that the message claims to have. */
static enum tb_error decode_authenticate(struct tb_span token)
{
    struct tb_ntlm_authenticate m;
    enum tb_error error = tb_ntlm_authenticate_decode(token, &m);
    const struct tb_span parts[] = {m.lm_response, m.nt_response, m.domain,
                                    m.user,        m.workstation, m.encrypted_session_key};
    uint8_t digest[16];

    if (!error)
        ck_assert_int_eq(tb_md5(parts, 6, digest), TB_OK);
    return error;
}

struct hostile_row {
    decoder decode;
    const char *hex;
    /* Bytes without which there is no message. */
    size_t needed;
};

static const struct hostile_row hostile_rows[] = {
    {decode_negotiate,
     "4e544c4d5353500001000000973208e20600060028000000080008002e0000000a00000000000f000"
     "102030405060102030405060708",
     16},
    {decode_challenge, CHALLENGE_MESSAGE, 48 + 32},
    {decode_authenticate, AUTHENTICATE_MESSAGE, 64},
};

START_TEST(truncated_messages)
{
    const struct hostile_row *row = &hostile_rows[_i];
    struct tb_span whole = tb_hex_new(row->hex);

    for (size_t length = 0; length < whole.length; length++) {
        uint8_t *part = malloc(length ? length : 1);
        ck_assert_ptr_nonnull(part);
        memcpy(part, whole.data, length);
        enum tb_error error = row->decode(tb_span(part, length));
        if (length < row->needed || (_i && length < whole.length))
            ck_assert_int_eq(error, TB_INVALID_PARAMETER);
        free(part);
    }
    ck_assert_int_eq(row->decode(whole), TB_OK);
    release(whole);
}
END_TEST

START_TEST(absurd_messages)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    const struct hostile_row *row = &hostile_rows[_i];
    struct tb_span whole = tb_hex_new(row->hex);
    uint8_t *bytes = (uint8_t *)whole.data;

    for (size_t at = 0; at < whole.length; at++) {
        uint8_t old = bytes[at];
        for (size_t v = 0; v < sizeof values; v++) {
            bytes[at] = values[v];
            enum tb_error error = row->decode(whole);
            ck_assert(error == TB_OK || error == TB_INVALID_PARAMETER);
            if (at < 12 && old != values[v])
                ck_assert_int_eq(error, TB_INVALID_PARAMETER);
        }
        bytes[at] = old;
    }
    for (size_t at = 12; at + 4 <= whole.length; at += 4) {
        uint8_t old[4];
        memcpy(old, bytes + at, 4);
        tb_store_u32(bytes + at, UINT32_MAX);
        (void)row->decode(whole);
        tb_store_u32(bytes + at, (uint32_t)whole.length);
        (void)row->decode(whole);
        memcpy(bytes + at, old, 4);
    }
    release(whole);
}
END_TEST

static void check_av_end(const char *hex, bool good)
{
    struct tb_span pairs = tb_hex_new(hex), value;
    bool ok = true;

    (void)tb_ntlm_av_find(pairs, TB_NTLM_AV_FLAGS, &value, &ok);
    ck_assert(ok == good);
    ok = true;
    (void)tb_ntlm_av_length(pairs, &ok);
    ck_assert(ok == good);
    release(pairs);
}

START_TEST(av_pairs)
{
    check_av_end("00000000", true);
    check_av_end("0000000001020304", true);
    check_av_end("", false);
    check_av_end("0000", false);
    check_av_end("0600040002000000", false);
    check_av_end("060004000200000000000000", true);
    check_av_end("0600ffff0200000000000000", false);
}
END_TEST

struct parties {
    struct tb_ntlm_server_config server;
    struct tb_ntlm_client_config client;
};

#define NOW_FILETIME 133000000000000000ull

static struct parties parties(void)
{
    struct parties p = {
        .server = {.names = {"WORKGROUP", "TOMBOLO", "example.org", "tombolo.example.org"},
                   .challenge = {1, 2, 3, 4, 5, 6, 7, 8},
                   .time_filetime = NOW_FILETIME},
        .client = {.user = "Jürgen",
                   .domain = "Kontor",
                   .workstation = "PC",
                   .client_challenge = {9, 8, 7, 6, 5, 4, 3, 2},
                   .exported_session_key = "exported session"},
    };

    ck_assert_int_eq(tb_ntlm_hash_password("geheim", p.client.nt_hash), TB_OK);
    return p;
}

/* Which message is changed on its way, and where; by SIZE_MAX none. */
struct tampering {
    int message;
    size_t at;
    uint8_t bits;
    bool cut_mic;
};

/* The message without its MIC, as somebody in the middle would send it on; MsvAvFlags tells. */
static void cut_mic_out(struct tb_token *token)
{
    struct tb_ntlm_authenticate message;
    struct tb_token shorter;
    ck_assert_int_eq(tb_ntlm_authenticate_decode(tb_token_span(token), &message), TB_OK);
    ck_assert(message.has_mic);
    message.has_mic = false;
    ck_assert_int_eq(tb_ntlm_authenticate_encode(&message, &shorter), TB_OK);
    tb_token_free(token);
    *token = shorter;
}

static void tamper(struct tb_token *token, int message, const struct tampering *tampering)
{
    if (!tampering || tampering->message != message)
        return;
    if (tampering->cut_mic)
        cut_mic_out(token);
    else
        token->data[tampering->at] ^= tampering->bits;
}

/* Runs the exchange and compares the keys. `lengths`, when not NULL, gets the messages' lengths. */
static enum tb_error run(const struct parties *p, const uint8_t *server_hash,
                         const struct tampering *tampering, size_t lengths[3])
{
    struct tb_ntlm_server *server;
    struct tb_ntlm_client *client;
    struct tb_token tokens[3] = {{0}};
    const struct tb_ntlm_identity *identity;

    ck_assert_int_eq(tb_ntlm_server_create(&p->server, &server), TB_OK);
    ck_assert_int_eq(tb_ntlm_client_create(&p->client, &client), TB_OK);
    ck_assert_int_eq(tb_ntlm_client_negotiate(client, &tokens[0]), TB_OK);
    tamper(&tokens[0], 0, tampering);
    enum tb_error error = tb_ntlm_server_negotiate(server, tb_token_span(&tokens[0]), &tokens[1]);
    if (!error) {
        tamper(&tokens[1], 1, tampering);
        error = tb_ntlm_client_authenticate(client, tb_token_span(&tokens[1]), &tokens[2]);
    }
    if (!error) {
        tamper(&tokens[2], 2, tampering);
        error = tb_ntlm_server_authenticate(server, tb_token_span(&tokens[2]), &identity);
    }
    if (!error && identity->anonymous)
        error = tb_ntlm_server_verify_anonymous(server);
    else if (!error)
        error = tb_ntlm_server_verify(server, server_hash);
    if (!error)
        ck_assert_mem_eq(tb_ntlm_client_session_key(client), tb_ntlm_server_session_key(server),
                         16);
    else
        ck_assert_ptr_null(tb_ntlm_server_session_key(server));
    for (size_t i = 0; i < 3; i++) {
        if (lengths)
            lengths[i] = tokens[i].length;
        tb_token_free(&tokens[i]);
    }
    tb_ntlm_client_destroy(client);
    tb_ntlm_server_destroy(server);
    return error;
}

/* Every combination of the flags that either side cares about. */
START_TEST(all_flags)
{
    static const uint32_t bits[] = {TB_NTLM_SIGN,         TB_NTLM_SEAL,       TB_NTLM_ALWAYS_SIGN,
                                    TB_NTLM_KEY_EXCHANGE, TB_NTLM_128,        TB_NTLM_56,
                                    TB_NTLM_VERSION,      TB_NTLM_TARGET_INFO};

    for (uint32_t set = 0; set < 1u << 8; set++) {
        struct parties p = parties();
        p.client.flags = TB_NTLM_UNICODE | TB_NTLM_EXTENDED_SECURITY | TB_NTLM_NTLM;
        for (size_t i = 0; i < 8; i++)
            if (set & 1u << i)
                p.client.flags |= bits[i];
        p.client.without_mic = _i & 1;
        if (_i & 2)
            p.client.user = "";
        ck_assert_int_eq(run(&p, p.client.nt_hash, NULL, NULL), TB_OK);
    }
}
END_TEST

START_TEST(extended_security_is_required)
{
    struct parties p = parties();

    p.client.flags = TB_NTLM_NTLM | TB_NTLM_128;
    ck_assert_int_eq(run(&p, p.client.nt_hash, NULL, NULL), TB_INVALID_PARAMETER);
}
END_TEST

START_TEST(wrong_password)
{
    struct parties p = parties();
    uint8_t hash[16];

    ck_assert_int_eq(tb_ntlm_hash_password("Geheim", hash), TB_OK);
    ck_assert_int_eq(run(&p, hash, NULL, NULL), TB_LOGON_FAILURE);
    p.client.without_mic = true;
    ck_assert_int_eq(run(&p, hash, NULL, NULL), TB_LOGON_FAILURE);
}
END_TEST

START_TEST(mic_cannot_be_left_out)
{
    struct parties p = parties();
    const struct tampering cut = {.message = 2, .cut_mic = true};
    ck_assert_int_eq(run(&p, p.client.nt_hash, NULL, NULL), TB_OK);
    ck_assert_int_eq(run(&p, p.client.nt_hash, &cut, NULL), TB_LOGON_FAILURE);
}
END_TEST

/* A MIC makes every single bit of the client's messages count, and of CHALLENGE the flags and the
 * challenge. (Who takes the time stamp out of it makes the client leave the MIC out.) */
START_TEST(no_bit_can_be_changed)
{
    struct parties p = parties();
    size_t lengths[3];

    ck_assert_int_eq(run(&p, p.client.nt_hash, NULL, lengths), TB_OK);
    size_t from = _i == 1 ? 20 : 0, to = _i == 1 ? 40 : lengths[_i];
    for (size_t at = from; at < to; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct tampering t = {_i, at, (uint8_t)(1u << bit), false};
            ck_assert_int_ne(run(&p, p.client.nt_hash, &t, NULL), TB_OK);
        }
}
END_TEST

START_TEST(clock_far_away)
{
    struct parties p = parties();
    const uint64_t hour = 36000000000ull;

    /* The client takes the server's time: only a response that keeps to its own can be late. */
    p.server.time_filetime = NOW_FILETIME;
    p.client.time_filetime = 0;
    ck_assert_int_eq(run(&p, p.client.nt_hash, NULL, NULL), TB_OK);

    for (int sign = -1; sign <= 1; sign += 2)
        for (uint64_t hours = 35; hours <= 37; hours += 2) {
            struct tb_ntlm_server *server, *other;
            struct tb_ntlm_client *client;
            struct tb_token negotiate, challenge, authenticate;
            const struct tb_ntlm_identity *identity;
            struct parties late = parties();
            late.server.time_filetime =
                sign < 0 ? NOW_FILETIME - hours * hour : NOW_FILETIME + hours * hour;
            ck_assert_int_eq(tb_ntlm_server_create(&p.server, &server), TB_OK);
            ck_assert_int_eq(tb_ntlm_server_create(&late.server, &other), TB_OK);
            ck_assert_int_eq(tb_ntlm_client_create(&p.client, &client), TB_OK);
            ck_assert_int_eq(tb_ntlm_client_negotiate(client, &negotiate), TB_OK);
            ck_assert_int_eq(
                tb_ntlm_server_negotiate(server, tb_token_span(&negotiate), &challenge), TB_OK);
            ck_assert_int_eq(
                tb_ntlm_client_authenticate(client, tb_token_span(&challenge), &authenticate),
                TB_OK);
            tb_token_free(&challenge);
            ck_assert_int_eq(tb_ntlm_server_negotiate(other, tb_token_span(&negotiate), &challenge),
                             TB_OK);
            ck_assert_int_eq(
                tb_ntlm_server_authenticate(other, tb_token_span(&authenticate), &identity),
                hours == 35 ? TB_OK : TB_LOGON_FAILURE);
            tb_token_free(&negotiate);
            tb_token_free(&challenge);
            tb_token_free(&authenticate);
            tb_ntlm_server_destroy(server);
            tb_ntlm_server_destroy(other);
            tb_ntlm_client_destroy(client);
        }
}
END_TEST

/* Brings a server to where it awaits AUTHENTICATE. */
static struct tb_ntlm_server *challenged(const struct parties *p)
{
    static const uint8_t negotiate[] = "NTLMSSP\0\1\0\0\0\x97\x82\x08\xe2";
    struct tb_ntlm_server *server;
    struct tb_token challenge;

    ck_assert_int_eq(tb_ntlm_server_create(&p->server, &server), TB_OK);
    ck_assert_int_eq(
        tb_ntlm_server_negotiate(server, tb_span(negotiate, sizeof negotiate - 1), &challenge),
        TB_OK);
    tb_token_free(&challenge);
    return server;
}

static enum tb_error authenticate(const struct tb_ntlm_authenticate *message)
{
    struct parties p = parties();
    struct tb_ntlm_server *server = challenged(&p);
    const struct tb_ntlm_identity *identity;
    struct tb_token token;

    ck_assert_int_eq(tb_ntlm_authenticate_encode(message, &token), TB_OK);
    enum tb_error error = tb_ntlm_server_authenticate(server, tb_token_span(&token), &identity);
    tb_token_free(&token);
    tb_ntlm_server_destroy(server);
    return error;
}

START_TEST(old_responses_are_refused)
{
    uint8_t bytes[64] = {1, 1};
    struct tb_ntlm_authenticate message = {.user = tb_span("U\0", 2)};

    /* NTLMv1 and NTLM2 session: 24 bytes each; LM alone; none at all. */
    message.lm_response = message.nt_response = tb_span(bytes, 24);
    ck_assert_int_eq(authenticate(&message), TB_LOGON_FAILURE);
    message.nt_response = tb_span(NULL, 0);
    ck_assert_int_eq(authenticate(&message), TB_LOGON_FAILURE);
    message.lm_response = tb_span(NULL, 0);
    ck_assert_int_eq(authenticate(&message), TB_LOGON_FAILURE);
    /* Long enough for NTLMv2, but no such structure; and one whose pairs have no end. */
    message.nt_response = tb_span(bytes, sizeof bytes);
    ck_assert_int_eq(authenticate(&message), TB_LOGON_FAILURE);
    uint8_t endless[64] = {[16] = 1, [17] = 1, [44] = 2, [46] = 200};
    message.nt_response = tb_span(endless, sizeof endless);
    ck_assert_int_eq(authenticate(&message), TB_INVALID_PARAMETER);
    /* Nobody, and yet with a response. */
    message.user = tb_span(NULL, 0);
    message.nt_response = tb_span(bytes, sizeof bytes);
    ck_assert_int_eq(authenticate(&message), TB_LOGON_FAILURE);
    /* A name with a NUL inside. */
    message.user = tb_span("U\0\0\0", 4);
    ck_assert_int_eq(authenticate(&message), TB_INVALID_PARAMETER);
    message.user = tb_span("U\0V", 3);
    ck_assert_int_eq(authenticate(&message), TB_INVALID_PARAMETER);
}
END_TEST

START_TEST(anonymous)
{
    struct parties p = parties();
    struct tb_ntlm_server *server = challenged(&p);
    const struct tb_ntlm_authenticate message = {.lm_response = tb_span("", 1)};
    const struct tb_ntlm_identity *identity;
    static const uint8_t zeros[16];
    struct tb_token token;

    ck_assert_int_eq(tb_ntlm_authenticate_encode(&message, &token), TB_OK);
    ck_assert_int_eq(tb_ntlm_server_authenticate(server, tb_token_span(&token), &identity), TB_OK);
    ck_assert(identity->anonymous);
    ck_assert_str_eq(identity->user, "");
    ck_assert_int_eq(tb_ntlm_server_verify_anonymous(server), TB_OK);
    ck_assert_mem_eq(tb_ntlm_server_session_key(server), zeros, 16);
    tb_token_free(&token);
    tb_ntlm_server_destroy(server);
}
END_TEST

START_TEST(anonymous_is_nobody_else)
{
    struct parties p = parties();
    struct tb_ntlm_server *server = challenged(&p);
    const struct tb_ntlm_authenticate message = {.lm_response = tb_span("", 1)};
    const struct tb_ntlm_identity *identity;
    static const uint8_t zeros[16];
    struct tb_token token;

    ck_assert_int_eq(tb_ntlm_authenticate_encode(&message, &token), TB_OK);
    ck_assert_int_eq(tb_ntlm_server_authenticate(server, tb_token_span(&token), &identity), TB_OK);
    ck_assert_int_eq(tb_ntlm_server_verify(server, zeros), TB_LOGON_FAILURE);
    ck_assert_int_eq(tb_ntlm_server_verify_anonymous(server), TB_INVALID_PARAMETER);
    tb_token_free(&token);
    tb_ntlm_server_destroy(server);
}
END_TEST

START_TEST(order_of_calls)
{
    struct parties p = parties();
    struct tb_ntlm_server *server;
    const struct tb_ntlm_identity *identity;
    struct tb_token token;
    struct tb_span message = tb_hex_new(AUTHENTICATE_MESSAGE);

    ck_assert_int_eq(tb_ntlm_server_create(&p.server, &server), TB_OK);
    ck_assert_int_eq(tb_ntlm_server_authenticate(server, message, &identity), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_ntlm_server_verify(server, p.client.nt_hash), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_ntlm_server_negotiate(server, message, &token), TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_ntlm_server_verify_anonymous(server), TB_INVALID_PARAMETER);
    tb_ntlm_server_destroy(server);
    p.server.names.dns_computer = "\xff";
    ck_assert_int_eq(tb_ntlm_server_create(&p.server, &server), TB_INVALID_PARAMETER);
    release(message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ntlm");
    TCase *tests = tcase_create("ntlm");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, example_keys);
    tcase_add_test(tests, example_signature);
    tcase_add_test(tests, signatures_of_each_strength);
    tcase_add_test(tests, example_messages);
    tcase_add_loop_test(tests, truncated_messages, 0, 3);
    tcase_add_loop_test(tests, absurd_messages, 0, 3);
    tcase_add_test(tests, av_pairs);
    tcase_add_test(tests, mic_cannot_be_left_out);
    tcase_add_loop_test(tests, all_flags, 0, 4);
    tcase_add_test(tests, extended_security_is_required);
    tcase_add_test(tests, wrong_password);
    tcase_add_loop_test(tests, no_bit_can_be_changed, 0, 3);
    tcase_add_test(tests, clock_far_away);
    tcase_add_test(tests, old_responses_are_refused);
    tcase_add_test(tests, anonymous);
    tcase_add_test(tests, anonymous_is_nobody_else);
    tcase_add_test(tests, order_of_calls);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
