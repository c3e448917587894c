#include "core/auth/spnego.h"
#include "core/auth/der.h"

#include <assert.h>

/* Room for all tags, lengths and identifiers of a token besides its variable parts. */
#define FRAMING_MAX 512

#define HINT_NAME "not_defined_in_RFC4178@please_ignore"

/* 1.3.6.1.5.5.2 */
static const uint8_t oid_spnego[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x02};
/* 1.3.6.1.4.1.311.2.2.10 */
static const uint8_t oid_ntlmssp[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A};
/* 1.2.840.113554.1.2.2 */
static const uint8_t oid_kerberos[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
/* 1.2.840.48018.1.2.2 */
static const uint8_t oid_ms_kerberos[] = {0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};
/* 1.3.6.1.4.1.311.2.2.30 */
static const uint8_t oid_negoex[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1E};

static const struct tb_span oids[] = {
    [TB_MECHANISM_UNKNOWN] = {NULL, 0},
    [TB_MECHANISM_NTLMSSP] = {oid_ntlmssp, sizeof oid_ntlmssp},
    [TB_MECHANISM_KERBEROS] = {oid_kerberos, sizeof oid_kerberos},
    [TB_MECHANISM_MS_KERBEROS] = {oid_ms_kerberos, sizeof oid_ms_kerberos},
    [TB_MECHANISM_NEGOEX] = {oid_negoex, sizeof oid_negoex},
};

#define OIDS (sizeof oids / sizeof oids[0])

struct tb_span tb_mechanism_oid(enum tb_mechanism mechanism)
{
    assert((size_t)mechanism < OIDS);
    return oids[mechanism];
}

static bool same(struct tb_span a, struct tb_span b)
{
    return a.length == b.length && (a.length == 0 || !memcmp(a.data, b.data, a.length));
}

static enum tb_mechanism mechanism_of(struct tb_span oid)
{
    for (size_t i = TB_MECHANISM_UNKNOWN + 1; i < OIDS; i++)
        if (same(oids[i], oid))
            return (enum tb_mechanism)i;
    return TB_MECHANISM_UNKNOWN;
}

enum tb_spnego_kind tb_spnego_kind(struct tb_span token)
{
    if (token.length && token.data[0] == TB_DER_APPLICATION)
        return TB_SPNEGO_INIT;
    if (token.length && token.data[0] == TB_DER_CONTEXT(1))
        return TB_SPNEGO_RESPONSE;
    return TB_SPNEGO_NEITHER;
}

static bool read_mechanisms(struct tb_span list, struct tb_spnego_init *init)
{
    bool ok = true;
    struct tb_reader r = tb_reader(tb_der_only(list, TB_DER_SEQUENCE, &ok));

    init->mechanism_list = list;
    while (ok && tb_reader_left(&r)) {
        struct tb_span oid = tb_der_read(&r, TB_DER_OBJECT_ID);
        if (r.failed || init->mechanism_count == TB_SPNEGO_MECHANISMS_MAX)
            return false;
        init->mechanisms[init->mechanism_count++] = mechanism_of(oid);
    }
    return ok && init->mechanism_count > 0;
}

/* [3] is mechListMIC in NegTokenInit and negHints in NegTokenInit2, whose MIC is [4]. */
static bool read_mic_or_hints(struct tb_reader *r, struct tb_span *mic)
{
    struct tb_span field;
    bool ok = true;

    if (tb_der_read_optional(r, TB_DER_CONTEXT(3), &field)) {
        if (field.length && field.data[0] == TB_DER_OCTET_STRING)
            *mic = tb_der_only(field, TB_DER_OCTET_STRING, &ok);
        else
            (void)tb_der_only(field, TB_DER_SEQUENCE, &ok);
    }
    if (tb_der_read_optional(r, TB_DER_CONTEXT(4), &field))
        *mic = tb_der_only(field, TB_DER_OCTET_STRING, &ok);
    return ok;
}

static bool read_init_fields(struct tb_span sequence, struct tb_spnego_init *init)
{
    struct tb_reader r = tb_reader(sequence);
    struct tb_span field;
    bool ok = read_mechanisms(tb_der_read(&r, TB_DER_CONTEXT(0)), init);

    /* reqFlags mean nothing any more (RFC 4178 4.2.1). */
    (void)tb_der_read_optional(&r, TB_DER_CONTEXT(1), &field);
    if (tb_der_read_optional(&r, TB_DER_CONTEXT(2), &field))
        init->mechanism_token = tb_der_only(field, TB_DER_OCTET_STRING, &ok);
    ok &= read_mic_or_hints(&r, &init->mic);
    return ok && !r.failed && tb_reader_left(&r) == 0;
}

enum tb_error tb_spnego_init_decode(struct tb_span token, struct tb_spnego_init *init)
{
    bool ok = true;
    struct tb_reader r = tb_reader(tb_der_only(token, TB_DER_APPLICATION, &ok));
    struct tb_span oid = tb_der_read(&r, TB_DER_OBJECT_ID);
    struct tb_span choice = tb_der_read(&r, TB_DER_CONTEXT(0));

    *init = (struct tb_spnego_init){0};
    ok &= !r.failed && tb_reader_left(&r) == 0;
    ok &= same(oid, tb_span(oid_spnego, sizeof oid_spnego));
    struct tb_span sequence = tb_der_only(choice, TB_DER_SEQUENCE, &ok);
    if (!ok || !read_init_fields(sequence, init))
        return TB_INVALID_PARAMETER;
    return TB_OK;
}

static bool read_state(struct tb_reader *r, enum tb_negotiation_state *state)
{
    struct tb_span field;
    bool ok = true;

    *state = TB_STATE_ABSENT;
    if (!tb_der_read_optional(r, TB_DER_CONTEXT(0), &field))
        return true;
    struct tb_span value = tb_der_only(field, TB_DER_ENUMERATED, &ok);
    if (!ok || value.length != 1 || value.data[0] > TB_REQUEST_MIC)
        return false;
    *state = (enum tb_negotiation_state)value.data[0];
    return true;
}

enum tb_error tb_spnego_response_decode(struct tb_span token, struct tb_spnego_response *response)
{
    bool ok = true;
    struct tb_span choice = tb_der_only(token, TB_DER_CONTEXT(1), &ok), field;
    struct tb_reader r = tb_reader(tb_der_only(choice, TB_DER_SEQUENCE, &ok));

    *response = (struct tb_spnego_response){0};
    ok &= read_state(&r, &response->state);
    if (tb_der_read_optional(&r, TB_DER_CONTEXT(1), &field))
        response->mechanism = mechanism_of(tb_der_only(field, TB_DER_OBJECT_ID, &ok));
    if (tb_der_read_optional(&r, TB_DER_CONTEXT(2), &field))
        response->response_token = tb_der_only(field, TB_DER_OCTET_STRING, &ok);
    if (tb_der_read_optional(&r, TB_DER_CONTEXT(3), &field))
        response->mic = tb_der_only(field, TB_DER_OCTET_STRING, &ok);
    if (!ok || r.failed || tb_reader_left(&r))
        return TB_INVALID_PARAMETER;
    return TB_OK;
}

/* An OCTET STRING as an optional field [n]. */
static void write_octets(struct tb_der_writer *w, unsigned n, struct tb_span octets)
{
    size_t mark = tb_der_mark(w);

    if (octets.length == 0)
        return;
    tb_der_write(w, TB_DER_OCTET_STRING, octets);
    tb_der_wrap(w, (uint8_t)TB_DER_CONTEXT(n), mark);
}

static void write_mechanism_list(struct tb_der_writer *w, const enum tb_mechanism *mechanisms,
                                 size_t count)
{
    size_t mark = tb_der_mark(w);

    for (size_t i = count; i-- > 0;)
        tb_der_write(w, TB_DER_OBJECT_ID, tb_mechanism_oid(mechanisms[i]));
    tb_der_wrap(w, TB_DER_SEQUENCE, mark);
}

/* The mechanisms and GSS-API framing that both kinds of first token begin with. */
static void write_init_start(struct tb_der_writer *w, const enum tb_mechanism *mechanisms,
                             size_t count)
{
    size_t mark = tb_der_mark(w);

    write_mechanism_list(w, mechanisms, count);
    tb_der_wrap(w, TB_DER_CONTEXT(0), mark);
    tb_der_wrap(w, TB_DER_SEQUENCE, 0);
    tb_der_wrap(w, TB_DER_CONTEXT(0), 0);
    tb_der_write(w, TB_DER_OBJECT_ID, tb_span(oid_spnego, sizeof oid_spnego));
    tb_der_wrap(w, TB_DER_APPLICATION, 0);
}

/* Makes `scratch` a writer's room and, when all is written, the token. */
static enum tb_error scratch_alloc(struct tb_token *scratch, struct tb_der_writer *w,
                                   size_t variable_length)
{
    enum tb_error error = tb_token_alloc(scratch, FRAMING_MAX + variable_length);

    if (!error)
        *w = tb_der_writer(scratch->data, scratch->length);
    return error;
}

static enum tb_error finish(struct tb_token *scratch, const struct tb_der_writer *w,
                            struct tb_token *token)
{
    assert(!w->failed);
    enum tb_error error = tb_token_copy(token, tb_span(w->data + w->at, tb_der_mark(w)));
    tb_token_free(scratch);
    return error;
}

enum tb_error tb_spnego_init_encode(const struct tb_spnego_init *init, struct tb_token *token)
{
    struct tb_token scratch;
    struct tb_der_writer w;
    enum tb_error error =
        scratch_alloc(&scratch, &w, init->mechanism_token.length + init->mic.length);

    if (error)
        return error;
    assert(init->mechanism_count <= TB_SPNEGO_MECHANISMS_MAX);
    write_octets(&w, 3, init->mic);
    write_octets(&w, 2, init->mechanism_token);
    write_init_start(&w, init->mechanisms, init->mechanism_count);
    return finish(&scratch, &w, token);
}

enum tb_error tb_spnego_hint_encode(const enum tb_mechanism *mechanisms, size_t count,
                                    struct tb_token *token)
{
    struct tb_token scratch;
    struct tb_der_writer w;
    enum tb_error error = scratch_alloc(&scratch, &w, 0);

    if (error)
        return error;
    assert(count <= TB_SPNEGO_MECHANISMS_MAX);
    tb_der_write(&w, TB_DER_GENERAL_STRING, tb_span(HINT_NAME, sizeof HINT_NAME - 1));
    tb_der_wrap(&w, TB_DER_CONTEXT(0), 0);
    tb_der_wrap(&w, TB_DER_SEQUENCE, 0);
    tb_der_wrap(&w, TB_DER_CONTEXT(3), 0);
    write_init_start(&w, mechanisms, count);
    return finish(&scratch, &w, token);
}

static void write_response_start(struct tb_der_writer *w, const struct tb_spnego_response *response)
{
    const uint8_t state = (uint8_t)response->state;
    size_t mark = tb_der_mark(w);

    if (response->mechanism != TB_MECHANISM_UNKNOWN) {
        tb_der_write(w, TB_DER_OBJECT_ID, tb_mechanism_oid(response->mechanism));
        tb_der_wrap(w, TB_DER_CONTEXT(1), mark);
        mark = tb_der_mark(w);
    }
    if (response->state != TB_STATE_ABSENT) {
        tb_der_write(w, TB_DER_ENUMERATED, tb_span(&state, 1));
        tb_der_wrap(w, TB_DER_CONTEXT(0), mark);
    }
    tb_der_wrap(w, TB_DER_SEQUENCE, 0);
    tb_der_wrap(w, TB_DER_CONTEXT(1), 0);
}

enum tb_error tb_spnego_response_encode(const struct tb_spnego_response *response,
                                        struct tb_token *token)
{
    struct tb_token scratch;
    struct tb_der_writer w;
    enum tb_error error =
        scratch_alloc(&scratch, &w, response->response_token.length + response->mic.length);

    if (error)
        return error;
    write_octets(&w, 3, response->mic);
    write_octets(&w, 2, response->response_token);
    write_response_start(&w, response);
    return finish(&scratch, &w, token);
}

enum tb_error tb_spnego_mechanism_list_encode(const enum tb_mechanism *mechanisms, size_t count,
                                              struct tb_token *token)
{
    struct tb_token scratch;
    struct tb_der_writer w;
    enum tb_error error = scratch_alloc(&scratch, &w, 0);

    if (error)
        return error;
    assert(count <= TB_SPNEGO_MECHANISMS_MAX);
    write_mechanism_list(&w, mechanisms, count);
    return finish(&scratch, &w, token);
}
