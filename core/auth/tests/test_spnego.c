#include "core/auth/ntlm_crypto.h"
#include "core/auth/spnego.h"
#include "core/crypto/tests/hex.h"

/* Tokens of Microsoft's published 3.1.1 session ("SMB 3.1.1 Pre-authentication integrity in
 * Windows 10"), whose session key is known. */
#define SESSION_KEY "270E1BA896585EEB7AF3472D3B4C75A7"
#define NEGOTIATE_MESSAGE                                                                          \
    "4E544C4D5353500001000000978208E200000000000000000000000000000000"                             \
    "060380250000000F"
#define FIRST_TOKEN                                                                                \
    "604806062B0601050502A03E303CA00E300C060A2B06010401823702020AA22A0428" NEGOTIATE_MESSAGE
#define CHALLENGE_MESSAGE                                                                          \
    "4E544C4D53535000020000000C000C003800000015828AE20D1D8BA31179D0080000000000000000"             \
    "50005000440000000A0092270000000F53005500540033003100310002000C00530055005400330031003100"     \
    "01000C0053005500540033003100310004000C0053005500540033003100310003000C00530055005400330031"   \
    "00310007000800A1A1F5ADCBAED00100000000"
#define SECOND_TOKEN                                                                               \
    "A181B03081ADA0030A0101A10C060A2B06010401823702020AA28197048194" CHALLENGE_MESSAGE
#define AUTHENTICATE_MESSAGE                                                                       \
    "4E544C4D53535000030000001800180090000000EE00EE00A80000000C000C00580000001A001A00640000001200" \
    "1"                                                                                            \
    "2007E0000001000100096010000158288E2060380250000000FECAC77A5F385A8BF9C38C706EEEDDCD3530055005" \
    "4"                                                                                            \
    "00330031003100610064006D0069006E006900730074007200610074006F00720044005200490056004500520033" \
    "0"                                                                                            \
    "03100310000000000000000000000000000000000000000000000000063078EB639FE03E20A231C3AE3BF2308010" \
    "1"                                                                                            \
    "000000000000A1A1F5ADCBAED001BC4AD05F223CC90F0000000002000C0053005500540033003100310001000C00" \
    "5"                                                                                            \
    "3005500540033003100310004000C0053005500540033003100310003000C0053005500540033003100310007000" \
    "8"                                                                                            \
    "00A1A1F5ADCBAED00106000400020000000800300030000000000000000000000000300000B61FEFCAA857EA57BF" \
    "1"                                                                                            \
    "EDCEBF8974B8E0EBA5A6DFD9D07A31D11B548F8C9D0CC0A001000000000000000000000000000000000000900160" \
    "0"                                                                                            \
    "63006900660073002F005300550054003300310031000000000000000000000000003B9BDFF38F5EE8F9663F11A0" \
    "F"                                                                                            \
    "4C03A78"
#define CLIENT_MIC "0100000063775A9A5FD97F0600000000"
#define SERVER_MIC "010000003B453CDC3524164200000000"
#define THIRD_TOKEN                                                                                \
    "A18201CB308201C7A0030A0101A28201AA048201A6" AUTHENTICATE_MESSAGE "A3120410" CLIENT_MIC
#define LAST_TOKEN     "A11B3019A0030A0100A3120410" SERVER_MIC
#define MECHANISM_LIST "300C060A2B06010401823702020A"
/* NegTokenInit2 of the same server: NEGOEX with a token of its own (cut out), then NTLMSSP. */
#define HINT_WITH_NEGOEX                                                                           \
    "603306062B0601050502A0293027A01A3018060A2B06010401823702021E060A2B06010401823702020AA209"     \
    "04074E45474F455854"
#define HINT_NTLMSSP                                                                               \
    "604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa32a3028a0261b24"                 \
    "6e6f745f646566696e65645f696e5f5246433431373840706c656173655f69676e6f7265"

static void release(struct tb_span bytes)
{
    free((void *)bytes.data);
}

static void check_token(struct tb_token *token, const char *hex)
{
    ck_assert_uint_eq(token->length, strlen(hex) / 2);
    tb_assert_hex(token->data, hex);
    tb_token_free(token);
}

static void check_span(struct tb_span span, const char *hex)
{
    ck_assert_uint_eq(span.length, strlen(hex) / 2);
    tb_assert_hex(span.data, hex);
}

START_TEST(first_token)
{
    struct tb_span bytes = tb_hex_new(FIRST_TOKEN);
    struct tb_spnego_init init;
    struct tb_token token;

    ck_assert_int_eq(tb_spnego_kind(bytes), TB_SPNEGO_INIT);
    ck_assert_int_eq(tb_spnego_init_decode(bytes, &init), TB_OK);
    ck_assert_uint_eq(init.mechanism_count, 1);
    ck_assert_int_eq(init.mechanisms[0], TB_MECHANISM_NTLMSSP);
    check_span(init.mechanism_list, MECHANISM_LIST);
    check_span(init.mechanism_token, NEGOTIATE_MESSAGE);
    ck_assert_uint_eq(init.mic.length, 0);
    ck_assert_int_eq(tb_spnego_init_encode(&init, &token), TB_OK);
    check_token(&token, FIRST_TOKEN);
    ck_assert_int_eq(tb_spnego_mechanism_list_encode(init.mechanisms, 1, &token), TB_OK);
    check_token(&token, MECHANISM_LIST);
    release(bytes);
}
END_TEST

START_TEST(hints)
{
    static const enum tb_mechanism ntlmssp = TB_MECHANISM_NTLMSSP;
    struct tb_span bytes = tb_hex_new(HINT_WITH_NEGOEX);
    struct tb_spnego_init init;
    struct tb_token token;

    ck_assert_int_eq(tb_spnego_init_decode(bytes, &init), TB_OK);
    ck_assert_uint_eq(init.mechanism_count, 2);
    ck_assert_int_eq(init.mechanisms[0], TB_MECHANISM_NEGOEX);
    ck_assert_int_eq(init.mechanisms[1], TB_MECHANISM_NTLMSSP);
    release(bytes);
    ck_assert_int_eq(tb_spnego_hint_encode(&ntlmssp, 1, &token), TB_OK);
    ck_assert_int_eq(tb_spnego_init_decode(tb_token_span(&token), &init), TB_OK);
    ck_assert_uint_eq(init.mechanism_count, 1);
    ck_assert_uint_eq(init.mic.length, 0);
    check_token(&token, HINT_NTLMSSP);
}
END_TEST

struct response_row {
    const char *hex, *token, *mic;
    enum tb_negotiation_state state;
    enum tb_mechanism mechanism;
};

static const struct response_row response_rows[] = {
    {SECOND_TOKEN, CHALLENGE_MESSAGE, "", TB_ACCEPT_INCOMPLETE, TB_MECHANISM_NTLMSSP},
    {THIRD_TOKEN, AUTHENTICATE_MESSAGE, CLIENT_MIC, TB_ACCEPT_INCOMPLETE, TB_MECHANISM_UNKNOWN},
    {LAST_TOKEN, "", SERVER_MIC, TB_ACCEPT_COMPLETED, TB_MECHANISM_UNKNOWN},
    {"A1023000", "", "", TB_STATE_ABSENT, TB_MECHANISM_UNKNOWN},
    {"A1073005A0030A0103", "", "", TB_REQUEST_MIC, TB_MECHANISM_UNKNOWN},
};

START_TEST(responses)
{
    const struct response_row *row = &response_rows[_i];
    struct tb_span bytes = tb_hex_new(row->hex);
    struct tb_spnego_response response;
    struct tb_token token;

    ck_assert_int_eq(tb_spnego_kind(bytes), TB_SPNEGO_RESPONSE);
    ck_assert_int_eq(tb_spnego_response_decode(bytes, &response), TB_OK);
    ck_assert_int_eq(response.state, row->state);
    ck_assert_int_eq(response.mechanism, row->mechanism);
    check_span(response.response_token, row->token);
    check_span(response.mic, row->mic);
    ck_assert_int_eq(tb_spnego_response_encode(&response, &token), TB_OK);
    check_token(&token, row->hex);
    release(bytes);
}
END_TEST

/* Both sides' mechListMIC, and NTLMSSP's own MIC, under the published key. */
START_TEST(mics)
{
    const uint32_t flags = 0xE2888215;
    struct tb_span list = tb_hex_new(MECHANISM_LIST);
    struct tb_span negotiate = tb_hex_new(NEGOTIATE_MESSAGE);
    struct tb_span challenge = tb_hex_new(CHALLENGE_MESSAGE);
    struct tb_span authenticate = tb_hex_new(AUTHENTICATE_MESSAGE);
    struct tb_ntlm_authenticate message;
    uint8_t key[16], mic[16];

    tb_hex(SESSION_KEY, key, sizeof key);
    ck_assert_int_eq(tb_ntlm_sign(key, flags, false, list, mic), TB_OK);
    tb_assert_hex(mic, CLIENT_MIC);
    ck_assert_int_eq(tb_ntlm_sign(key, flags, true, list, mic), TB_OK);
    tb_assert_hex(mic, SERVER_MIC);
    ck_assert_int_eq(tb_ntlm_authenticate_decode(authenticate, &message), TB_OK);
    ck_assert_uint_eq(message.flags, flags);
    ck_assert(message.has_mic);
    ck_assert_int_eq(tb_ntlm_mic(key, negotiate, challenge, authenticate, mic), TB_OK);
    ck_assert_mem_eq(mic, message.mic, sizeof mic);
    release(list);
    release(negotiate);
    release(challenge);
    release(authenticate);
}
END_TEST

static const char *const hostile[] = {
    FIRST_TOKEN, HINT_WITH_NEGOEX, HINT_NTLMSSP, SECOND_TOKEN, THIRD_TOKEN, LAST_TOKEN,
};

/* Decodes as either kind and touches all that was found. */
static enum tb_error decode(struct tb_span bytes)
{
    struct tb_spnego_init init;
    struct tb_spnego_response response;
    struct tb_token token;
    enum tb_error as_init = tb_spnego_init_decode(bytes, &init);
    enum tb_error as_response = tb_spnego_response_decode(bytes, &response);

    ck_assert(as_init == TB_OK || as_init == TB_INVALID_PARAMETER);
    ck_assert(as_response == TB_OK || as_response == TB_INVALID_PARAMETER);
    if (!as_init) {
        ck_assert_int_eq(tb_spnego_init_encode(&init, &token), TB_OK);
        tb_token_free(&token);
    }
    if (!as_response) {
        ck_assert_int_eq(tb_spnego_response_encode(&response, &token), TB_OK);
        tb_token_free(&token);
    }
    return as_init ? as_response : as_init;
}

START_TEST(truncated_tokens)
{
    struct tb_span whole = tb_hex_new(hostile[_i]);

    for (size_t length = 0; length < whole.length; length++) {
        uint8_t *part = malloc(length ? length : 1);
        ck_assert_ptr_nonnull(part);
        memcpy(part, whole.data, length);
        ck_assert_int_eq(decode(tb_span(part, length)), TB_INVALID_PARAMETER);
        free(part);
    }
    ck_assert_int_eq(decode(whole), TB_OK);
    release(whole);
}
END_TEST

START_TEST(mutated_tokens)
{
    struct tb_span whole = tb_hex_new(hostile[_i]);
    uint8_t *bytes = (uint8_t *)whole.data;

    for (size_t at = 0; at < whole.length; at++) {
        uint8_t old = bytes[at];
        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            (void)decode(whole);
        }
        bytes[at] = old;
    }
    for (size_t at = 0; at + 4 <= whole.length; at++) {
        uint8_t old[4];
        memcpy(old, bytes + at, 4);
        memcpy(bytes + at, "\x83\xff\xff\xff", 4);
        (void)decode(whole);
        memcpy(bytes + at, "\x80\x00\x00\x00", 4);
        (void)decode(whole);
        memcpy(bytes + at, old, 4);
    }
    release(whole);
}
END_TEST

static const char *const refused[] = {
    "",
    /* Indefinite length; length of nine bytes. */
    "A1803005A0030A01030000",
    "A189000000000000000000",
    /* Something after the end. */
    "A102300000",
    /* Unknown state; state of two bytes; fields out of order. */
    "A1073005A0030A0104",
    "A1083006A0040A020001",
    "A10B3009A2030401AAA0030A0101",
    /* No mechanism; seventeen of them; another framing's identifier. */
    "601006062B0601050502A0063004A0023000",
    ("605406062B0601050502A04A3048A0463044060242000602420006024200060242000602420006024200060242"
     "0006024200060242000602420006024200060242000602420006024200060242000602420006024200"),
    "601406062B0601050503A00A3008A006300406022A03",
};

START_TEST(malformed_tokens)
{
    struct tb_span bytes = tb_hex_new(refused[_i]);

    ck_assert_int_eq(decode(bytes), TB_INVALID_PARAMETER);
    release(bytes);
}
END_TEST

START_TEST(many_mechanisms)
{
    enum tb_mechanism mechanisms[TB_SPNEGO_MECHANISMS_MAX];
    struct tb_spnego_init init;
    struct tb_token token;

    for (size_t i = 0; i < TB_SPNEGO_MECHANISMS_MAX; i++)
        mechanisms[i] = (enum tb_mechanism)(1 + i % 4);
    ck_assert_int_eq(tb_spnego_hint_encode(mechanisms, TB_SPNEGO_MECHANISMS_MAX, &token), TB_OK);
    ck_assert_int_eq(tb_spnego_init_decode(tb_token_span(&token), &init), TB_OK);
    ck_assert_uint_eq(init.mechanism_count, TB_SPNEGO_MECHANISMS_MAX);
    for (size_t i = 0; i < TB_SPNEGO_MECHANISMS_MAX; i++)
        ck_assert_int_eq(init.mechanisms[i], mechanisms[i]);
    tb_token_free(&token);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    Suite *suite = suite_create("spnego");
    TCase *tests = tcase_create("spnego");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, first_token);
    tcase_add_test(tests, hints);
    tcase_add_loop_test(tests, responses, 0, COUNT(response_rows));
    tcase_add_test(tests, mics);
    tcase_add_loop_test(tests, truncated_tokens, 0, COUNT(hostile));
    tcase_add_loop_test(tests, mutated_tokens, 0, COUNT(hostile));
    tcase_add_loop_test(tests, malformed_tokens, 0, COUNT(refused));
    tcase_add_test(tests, many_mechanisms);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
