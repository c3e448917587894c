#include "core/auth/ntlm_message.h"

#include <assert.h>

static const uint8_t signature[8] = "NTLMSSP";

enum message_type { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

/* Lengths of the fixed parts. The version that ends them, and in AUTHENTICATE the MIC after it, is
 * missing from old clients' messages. */
#define NEGOTIATE_WITH_FIELDS 32
#define NEGOTIATE_LENGTH      40
#define CHALLENGE_LENGTH      56
#define AUTHENTICATE_LENGTH   72
#define AUTHENTICATE_WITH_MIC 88
#define NEGOTIATE_FIELDS      2
#define CHALLENGE_FIELDS      2
#define AUTHENTICATE_FIELDS   6
#define FIELD_MAX             UINT16_MAX

/* MS-NLMP 2.2.2.10: only for debugging by the peer; 10.0, and the revision of NTLMSSP. */
static const uint8_t version[8] = {10, 0, 0, 0, 0, 0, 0, 15};

bool tb_ntlm_is_message(struct tb_span token)
{
    return token.length >= sizeof signature && !memcmp(token.data, signature, sizeof signature);
}

static struct tb_reader message_reader(struct tb_span token, enum message_type type)
{
    struct tb_reader r = tb_reader(token);

    r.failed = !tb_ntlm_is_message(token);
    tb_read_skip(&r, sizeof signature);
    if (tb_read_u32(&r) != (uint32_t)type)
        r.failed = true;
    return r;
}

/* A payload field: length, room, offset. Clients leave anything in the offset of an empty one. */
static struct tb_span read_field(struct tb_reader *r)
{
    size_t length = tb_read_u16(r);
    tb_read_skip(r, 2);
    size_t offset = tb_read_u32(r);
    bool ok = true;

    if (r->failed || length == 0)
        return tb_span(NULL, 0);
    struct tb_span field = tb_span_part(r->whole, offset, length, &ok);
    if (!ok)
        r->failed = true;
    return field;
}

static enum tb_error result(const struct tb_reader *r)
{
    return r->failed ? TB_INVALID_PARAMETER : TB_OK;
}

enum tb_error tb_ntlm_negotiate_decode(struct tb_span token, struct tb_ntlm_negotiate *message)
{
    struct tb_reader r = message_reader(token, NEGOTIATE);

    *message = (struct tb_ntlm_negotiate){.flags = tb_read_u32(&r)};
    if (token.length >= NEGOTIATE_WITH_FIELDS) {
        struct tb_span domain = read_field(&r), workstation = read_field(&r);
        if (message->flags & TB_NTLM_DOMAIN_SUPPLIED)
            message->domain = domain;
        if (message->flags & TB_NTLM_WORKSTATION_SUPPLIED)
            message->workstation = workstation;
    }
    return result(&r);
}

enum tb_error tb_ntlm_challenge_decode(struct tb_span token, struct tb_ntlm_challenge *message)
{
    struct tb_reader r = message_reader(token, CHALLENGE);

    *message = (struct tb_ntlm_challenge){.target_name = read_field(&r)};
    message->flags = tb_read_u32(&r);
    tb_read_copy(&r, message->challenge, sizeof message->challenge);
    tb_read_skip(&r, 8);
    message->target_info = read_field(&r);
    return result(&r);
}

/* The MIC field is there when no payload begins before its end. */
static bool mic_fits(struct tb_span token, const struct tb_ntlm_authenticate *message)
{
    const struct tb_span fields[AUTHENTICATE_FIELDS] = {
        message->lm_response, message->nt_response, message->domain,
        message->user,        message->workstation, message->encrypted_session_key};

    if (token.length < AUTHENTICATE_WITH_MIC)
        return false;
    for (size_t i = 0; i < AUTHENTICATE_FIELDS; i++)
        if (fields[i].length && fields[i].data < token.data + AUTHENTICATE_WITH_MIC)
            return false;
    return true;
}

enum tb_error tb_ntlm_authenticate_decode(struct tb_span token,
                                          struct tb_ntlm_authenticate *message)
{
    struct tb_reader r = message_reader(token, AUTHENTICATE);

    *message = (struct tb_ntlm_authenticate){.lm_response = read_field(&r)};
    message->nt_response = read_field(&r);
    message->domain = read_field(&r);
    message->user = read_field(&r);
    message->workstation = read_field(&r);
    message->encrypted_session_key = read_field(&r);
    message->flags = tb_read_u32(&r);
    if (!r.failed && mic_fits(token, message)) {
        message->has_mic = true;
        memcpy(message->mic, token.data + TB_NTLM_MIC_OFFSET, sizeof message->mic);
    }
    return result(&r);
}

/* Writes a fixed part and collects its payload behind it. */
struct encoder {
    struct tb_writer fixed, payload;
};

/* The whole length of a message; 0 when a field is too long for it. */
static size_t message_length(size_t fixed_length, const struct tb_span *fields, size_t count)
{
    size_t length = fixed_length;

    for (size_t i = 0; i < count; i++) {
        if (fields[i].length > FIELD_MAX)
            return 0;
        length += fields[i].length;
    }
    return length;
}

static enum tb_error encoder_start(struct encoder *e, struct tb_token *token,
                                   enum message_type type, size_t fixed_length, size_t length)
{
    enum tb_error error = length ? tb_token_alloc(token, length) : TB_INVALID_PARAMETER;

    if (error)
        return error;
    e->fixed = tb_writer(token->data, token->length);
    e->payload = e->fixed;
    e->payload.at = fixed_length;
    tb_write_bytes(&e->fixed, signature, sizeof signature);
    tb_write_u32(&e->fixed, (uint32_t)type);
    return TB_OK;
}

static void write_field(struct encoder *e, struct tb_span field)
{
    tb_write_u16(&e->fixed, (uint16_t)field.length);
    tb_write_u16(&e->fixed, (uint16_t)field.length);
    tb_write_u32(&e->fixed, (uint32_t)e->payload.at);
    tb_write_span(&e->payload, field);
}

enum tb_error tb_ntlm_negotiate_encode(const struct tb_ntlm_negotiate *message,
                                       struct tb_token *token)
{
    const struct tb_span fields[NEGOTIATE_FIELDS] = {message->domain, message->workstation};
    struct encoder e;
    enum tb_error error = encoder_start(&e, token, NEGOTIATE, NEGOTIATE_LENGTH,
                                        message_length(NEGOTIATE_LENGTH, fields, NEGOTIATE_FIELDS));

    if (error)
        return error;
    tb_write_u32(&e.fixed, message->flags);
    write_field(&e, message->domain);
    write_field(&e, message->workstation);
    tb_write_bytes(&e.fixed, version, sizeof version);
    assert(!e.fixed.failed && !e.payload.failed);
    return TB_OK;
}

enum tb_error tb_ntlm_challenge_encode(const struct tb_ntlm_challenge *message,
                                       struct tb_token *token)
{
    const struct tb_span fields[CHALLENGE_FIELDS] = {message->target_name, message->target_info};
    struct encoder e;
    enum tb_error error = encoder_start(&e, token, CHALLENGE, CHALLENGE_LENGTH,
                                        message_length(CHALLENGE_LENGTH, fields, CHALLENGE_FIELDS));

    if (error)
        return error;
    write_field(&e, message->target_name);
    tb_write_u32(&e.fixed, message->flags);
    tb_write_bytes(&e.fixed, message->challenge, sizeof message->challenge);
    tb_write_zeros(&e.fixed, 8);
    write_field(&e, message->target_info);
    tb_write_bytes(&e.fixed, version, sizeof version);
    assert(!e.fixed.failed && !e.payload.failed);
    return TB_OK;
}

enum tb_error tb_ntlm_authenticate_encode(const struct tb_ntlm_authenticate *message,
                                          struct tb_token *token)
{
    const struct tb_span fields[AUTHENTICATE_FIELDS] = {
        message->lm_response, message->nt_response, message->domain,
        message->user,        message->workstation, message->encrypted_session_key};
    size_t fixed_length = message->has_mic ? AUTHENTICATE_WITH_MIC : AUTHENTICATE_LENGTH;
    struct encoder e;
    enum tb_error error = encoder_start(&e, token, AUTHENTICATE, fixed_length,
                                        message_length(fixed_length, fields, AUTHENTICATE_FIELDS));

    if (error)
        return error;
    for (size_t i = 0; i < AUTHENTICATE_FIELDS; i++)
        write_field(&e, fields[i]);
    tb_write_u32(&e.fixed, message->flags);
    tb_write_bytes(&e.fixed, version, sizeof version);
    if (message->has_mic)
        tb_write_bytes(&e.fixed, message->mic, sizeof message->mic);
    assert(!e.fixed.failed && !e.payload.failed);
    return TB_OK;
}

size_t tb_ntlm_av_length(struct tb_span pairs, bool *ok)
{
    struct tb_reader r = tb_reader(pairs);

    for (;;) {
        size_t before = r.at;
        uint16_t id = tb_read_u16(&r);
        tb_read_skip(&r, tb_read_u16(&r));
        if (r.failed)
            break;
        if (id == TB_NTLM_AV_EOL)
            return before;
    }
    *ok = false;
    return 0;
}

bool tb_ntlm_av_find(struct tb_span pairs, enum tb_ntlm_av id, struct tb_span *value, bool *ok)
{
    struct tb_reader r = tb_reader(pairs);
    bool found = false;

    *value = tb_span(NULL, 0);
    for (;;) {
        uint16_t pair_id = tb_read_u16(&r);
        struct tb_span pair_value = tb_read_span(&r, tb_read_u16(&r));
        if (r.failed)
            break;
        if (pair_id == TB_NTLM_AV_EOL)
            return found;
        if (pair_id == id && !found) {
            found = true;
            *value = pair_value;
        }
    }
    *ok = false;
    *value = tb_span(NULL, 0);
    return false;
}

void tb_ntlm_av_write(struct tb_writer *w, enum tb_ntlm_av id, struct tb_span value)
{
    assert(value.length <= FIELD_MAX);
    tb_write_u16(w, (uint16_t)id);
    tb_write_u16(w, (uint16_t)value.length);
    tb_write_span(w, value);
}
