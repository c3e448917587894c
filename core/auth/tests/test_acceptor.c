#include "core/auth/acceptor.h"
#include "core/auth/initiator.h"
#include "core/crypto/tests/fault.h"
#include "core/crypto/tests/hex.h"

#define NOW_FILETIME 133000000000000000ull

static uint8_t hash[16];

static struct tb_acceptor_config acceptor_config(void)
{
    return (struct tb_acceptor_config){
        .ntlm = {.names = {"WORKGROUP", "TOMBOLO", "example.org", "tombolo.example.org"},
                 .challenge = {1, 2, 3, 4, 5, 6, 7, 8},
                 .time_filetime = NOW_FILETIME},
    };
}

static struct tb_initiator_config initiator_config(void)
{
    struct tb_initiator_config config = {
        .ntlm = {.user = "user",
                 .domain = "domain",
                 .workstation = "workstation",
                 .client_challenge = {9, 8, 7, 6, 5, 4, 3, 2},
                 .exported_session_key = "exported session"},
    };

    memcpy(config.ntlm.nt_hash, hash, sizeof hash);
    return config;
}

/* Changes a token on its way; `number` counts tokens of both directions from 0. */
typedef void (*meddler)(int number, struct tb_token *token, const void *how);

struct run {
    struct tb_initiator_config initiator;
    struct tb_acceptor_config acceptor;
    enum tb_acceptor_verdict verdict;
    meddler meddle;
    const void *how;
    /* Out: who failed first, and what passed. */
    bool initiator_failed;
    int tokens;
    bool anonymous;
    size_t key_length;
};

static struct run new_run(void)
{
    return (struct run){.initiator = initiator_config(), .acceptor = acceptor_config()};
}

/* What arrives at the other side. */
static enum tb_error pass(struct run *run, struct tb_span bytes, struct tb_token *token)
{
    tb_token_free(token);
    enum tb_error error = tb_token_copy(token, bytes);
    if (!error && run->meddle)
        run->meddle(run->tokens, token, run->how);
    run->tokens++;
    return error;
}

static enum tb_error accept_token(struct run *run, struct tb_acceptor *acceptor,
                                  const struct tb_token *token, struct tb_acceptor_event *event)
{
    enum tb_error error = tb_acceptor_step(acceptor, tb_token_span(token), event);

    if (error || event->kind != TB_ACCEPTOR_IDENTITY)
        return error;
    run->anonymous = event->identity->anonymous;
    return tb_acceptor_identify(acceptor, run->verdict, hash, event);
}

static bool keys_differ(struct tb_span a, struct tb_span b)
{
    return b.length && (a.length != b.length || memcmp(a.data, b.data, a.length));
}

static enum tb_error talk(struct run *run, struct tb_acceptor *acceptor,
                          struct tb_initiator *initiator, struct tb_token *token)
{
    struct tb_acceptor_event at_server = {.kind = TB_ACCEPTOR_CONTINUE};
    struct tb_initiator_event at_client;

    for (;;) {
        enum tb_error error = tb_initiator_step(initiator, tb_token_span(token), &at_client);
        if (error) {
            run->initiator_failed = true;
            return error;
        }
        if (at_client.complete)
            break;
        error = pass(run, at_client.reply, token);
        if (!error)
            error = accept_token(run, acceptor, token, &at_server);
        if (!error)
            error = pass(run, at_server.reply, token);
        if (error)
            return error;
    }
    if (at_server.kind != TB_ACCEPTOR_COMPLETE ||
        keys_differ(at_client.session_key, at_server.session_key))
        return run->verdict == TB_VERDICT_GUEST ? TB_OK : TB_INTERNAL_ERROR;
    run->key_length = at_server.session_key.length;
    return TB_OK;
}

static enum tb_error exchange(struct run *run)
{
    struct tb_acceptor *acceptor = NULL;
    struct tb_initiator *initiator = NULL;
    struct tb_token token = {0};
    enum tb_error error = tb_acceptor_create(&run->acceptor, &acceptor);

    if (!error)
        error = tb_initiator_create(&run->initiator, &initiator);
    if (!error)
        error = tb_acceptor_hint(run->acceptor.kerberos, &token);
    if (!error)
        error = talk(run, acceptor, initiator, &token);
    tb_token_free(&token);
    tb_initiator_destroy(initiator);
    tb_acceptor_destroy(acceptor);
    return error;
}

START_TEST(spnego_and_bare)
{
    struct run run = new_run();

    ck_assert_int_eq(exchange(&run), TB_OK);
    ck_assert_int_eq(run.tokens, 4);
    ck_assert_uint_eq(run.key_length, 16);
    run = new_run();
    run.initiator.bare = true;
    ck_assert_int_eq(exchange(&run), TB_OK);
    ck_assert_uint_eq(run.key_length, 16);
}
END_TEST

/* A client that would rather have something else is told request-mic, and the MICs are checked. */
START_TEST(other_mechanism_preferred)
{
    static const enum tb_mechanism preferred[] = {TB_MECHANISM_NEGOEX, TB_MECHANISM_KERBEROS,
                                                  TB_MECHANISM_MS_KERBEROS};
    struct run run = new_run();

    run.initiator.preferred = preferred[_i];
    run.initiator.optimistic_token = tb_span("optimism", 8);
    ck_assert_int_eq(exchange(&run), TB_OK);
    ck_assert_int_eq(run.tokens, 6);
}
END_TEST

START_TEST(wrong_password)
{
    struct run run = new_run();

    run.initiator.ntlm.nt_hash[3] ^= 1;
    ck_assert_int_eq(exchange(&run), TB_LOGON_FAILURE);
    ck_assert(!run.initiator_failed);
    run = new_run();
    run.initiator.bare = true;
    run.initiator.ntlm.without_mic = true;
    run.initiator.ntlm.nt_hash[3] ^= 1;
    ck_assert_int_eq(exchange(&run), TB_LOGON_FAILURE);
}
END_TEST

START_TEST(guests)
{
    struct run run = new_run();

    run.initiator.ntlm.nt_hash[3] ^= 1;
    run.verdict = TB_VERDICT_GUEST;
    ck_assert_int_eq(exchange(&run), TB_OK);
    ck_assert_uint_eq(run.key_length, 0);
}
END_TEST

START_TEST(nobody)
{
    struct run run = new_run();

    run.initiator.ntlm.user = "";
    run.verdict = TB_VERDICT_ANONYMOUS;
    ck_assert_int_eq(exchange(&run), TB_OK);
    ck_assert(run.anonymous);
    ck_assert_uint_eq(run.key_length, 16);
    run.verdict = TB_VERDICT_PASSWORD;
    ck_assert_int_eq(exchange(&run), TB_LOGON_FAILURE);
    run = new_run();
    run.verdict = TB_VERDICT_ANONYMOUS;
    ck_assert_int_eq(exchange(&run), TB_LOGON_FAILURE);
}
END_TEST

struct change {
    int number;
    size_t at;
    uint8_t bits;
};

static void flip(int number, struct tb_token *token, const void *how)
{
    const struct change *change = how;

    if (number == change->number && change->at < token->length)
        token->data[change->at] ^= change->bits;
}

/* Where in the first token the mechanism list lies. */
#define LIST_AT     16
#define LIST_LENGTH 26

/* With NEGOEX first, so that the MICs are mandatory: whatever is changed in the mechanism list, in
 * the choice or in the MICs does not go unnoticed. */
START_TEST(tampering)
{
    for (int number = 0; number < 6; number++)
        for (size_t at = 0; at < 700; at++) {
            struct change change = {number, at, (uint8_t)(1u << at % 8)};
            struct run run = new_run();
            run.initiator.preferred = TB_MECHANISM_NEGOEX;
            run.initiator.optimistic_token = tb_span("optimism", 8);
            run.meddle = flip;
            run.how = &change;
            enum tb_error error = exchange(&run);
            ck_assert(error == TB_OK || error == TB_INVALID_PARAMETER ||
                      error == TB_LOGON_FAILURE || error == TB_ACCESS_DENIED);
            if (number == 0 && at >= LIST_AT && at < LIST_AT + LIST_LENGTH)
                ck_assert_int_ne(error, TB_OK);
        }
}
END_TEST

/* Takes the client's preferred mechanism out of its list. */
static void downgrade(int number, struct tb_token *token, const void *how)
{
    struct tb_spnego_init init;

    (void)how;
    if (number)
        return;
    ck_assert_int_eq(tb_spnego_init_decode(tb_token_span(token), &init), TB_OK);
    init.mechanisms[0] = TB_MECHANISM_NTLMSSP;
    init.mechanism_count = 1;
    struct tb_token changed;
    ck_assert_int_eq(tb_spnego_init_encode(&init, &changed), TB_OK);
    tb_token_free(token);
    *token = changed;
}

/* Gives the server's answer in the words that the client expects, so that only MICs can tell. */
static void downgrade_and_hide(int number, struct tb_token *token, const void *how)
{
    struct tb_spnego_init init;
    struct tb_spnego_response response;
    struct tb_token changed;

    if (number == 0) {
        ck_assert_int_eq(tb_spnego_init_decode(tb_token_span(token), &init), TB_OK);
        init.mechanisms[0] = TB_MECHANISM_NTLMSSP;
        init.mechanism_count = 1;
        init.mechanism_token = tb_span(NULL, 0);
        ck_assert_int_eq(tb_spnego_init_encode(&init, &changed), TB_OK);
    } else {
        ck_assert_int_eq(tb_spnego_response_decode(tb_token_span(token), &response), TB_OK);
        if (number == 1)
            response.state = TB_REQUEST_MIC;
        if (number == 4 && how)
            response.mic = tb_span(NULL, 0);
        ck_assert_int_eq(tb_spnego_response_encode(&response, &changed), TB_OK);
    }
    tb_token_free(token);
    *token = changed;
}

START_TEST(downgrade_of_the_list)
{
    struct run run = new_run();

    run.initiator.preferred = TB_MECHANISM_NEGOEX;
    run.initiator.optimistic_token = tb_span("optimism", 8);
    run.meddle = downgrade;
    ck_assert_int_eq(exchange(&run), TB_INVALID_PARAMETER);
    /* The server notices by the client's MIC; without that MIC, the client by the server's. */
    run.meddle = downgrade_and_hide;
    run.tokens = 0;
    ck_assert_int_eq(exchange(&run), TB_ACCESS_DENIED);
    ck_assert(!run.initiator_failed);
    run.how = "without the client's MIC";
    run.tokens = 0;
    ck_assert_int_eq(exchange(&run), TB_ACCESS_DENIED);
    ck_assert(run.initiator_failed);
}
END_TEST

static void remove_mic(int number, struct tb_token *token, const void *how)
{
    struct tb_spnego_response response;
    struct tb_token changed;

    if (number != *(const int *)how)
        return;
    ck_assert_int_eq(tb_spnego_response_decode(tb_token_span(token), &response), TB_OK);
    response.mic = tb_span(NULL, 0);
    ck_assert_int_eq(tb_spnego_response_encode(&response, &changed), TB_OK);
    tb_token_free(token);
    *token = changed;
}

START_TEST(mics_that_are_due)
{
    static const int authenticate_first = 2, authenticate_later = 4, verdict_later = 5;
    struct run run = new_run();

    /* NTLMSSP first in the list: MICs may be left out. */
    run.meddle = remove_mic;
    run.how = &authenticate_first;
    ck_assert_int_eq(exchange(&run), TB_OK);
    run = new_run();
    run.initiator.preferred = TB_MECHANISM_NEGOEX;
    run.meddle = remove_mic;
    run.how = &authenticate_later;
    ck_assert_int_eq(exchange(&run), TB_ACCESS_DENIED);
    ck_assert(!run.initiator_failed);
    run.tokens = 0;
    run.how = &verdict_later;
    ck_assert_int_eq(exchange(&run), TB_ACCESS_DENIED);
    ck_assert(run.initiator_failed);
}
END_TEST

static void encode_init(const enum tb_mechanism *mechanisms, size_t count, const char *text,
                        struct tb_token *token)
{
    struct tb_spnego_init init = {.mechanism_count = count,
                                  .mechanism_token = tb_span(text, strlen(text))};

    memcpy(init.mechanisms, mechanisms, count * sizeof *mechanisms);
    ck_assert_int_eq(tb_spnego_init_encode(&init, token), TB_OK);
}

static void step_response(struct tb_acceptor *acceptor, const char *text, const char *mic,
                          enum tb_error expected, struct tb_acceptor_event *event)
{
    const struct tb_spnego_response response = {.state = TB_ACCEPT_INCOMPLETE,
                                                .response_token = tb_span(text, strlen(text)),
                                                .mic = tb_span(mic, strlen(mic))};
    struct tb_token token;

    ck_assert_int_eq(tb_spnego_response_encode(&response, &token), TB_OK);
    ck_assert_int_eq(tb_acceptor_step(acceptor, tb_token_span(&token), event), expected);
    tb_token_free(&token);
}

static void check_reply(struct tb_span reply, enum tb_negotiation_state state,
                        enum tb_mechanism mechanism, const char *token, const char *mic)
{
    struct tb_spnego_response response;

    ck_assert_int_eq(tb_spnego_response_decode(reply, &response), TB_OK);
    ck_assert_int_eq(response.state, state);
    ck_assert_int_eq(response.mechanism, mechanism);
    ck_assert_uint_eq(response.response_token.length, strlen(token));
    ck_assert_uint_eq(response.mic.length, strlen(mic));
    if (*token)
        ck_assert_mem_eq(response.response_token.data, token, strlen(token));
    if (*mic)
        ck_assert_mem_eq(response.mic.data, mic, strlen(mic));
}

static struct tb_acceptor *kerberos_acceptor(const enum tb_mechanism *mechanisms, size_t count,
                                             struct tb_acceptor_event *event)
{
    struct tb_acceptor_config config = acceptor_config();
    struct tb_acceptor *acceptor;
    struct tb_token token;

    config.kerberos = true;
    ck_assert_int_eq(tb_acceptor_create(&config, &acceptor), TB_OK);
    encode_init(mechanisms, count, "AP-REQ", &token);
    ck_assert_int_eq(tb_acceptor_step(acceptor, tb_token_span(&token), event), TB_OK);
    tb_token_free(&token);
    return acceptor;
}

static const struct tb_mechanism_output established = {
    .token = {(const uint8_t *)"AP-REP", 6},
    .complete = true,
    .session_key = {(const uint8_t *)"0123456789abcdef0123456789abcdef", 32},
    .mic = {(const uint8_t *)"ours", 4},
};

START_TEST(kerberos_at_once)
{
    static const enum tb_mechanism list[] = {TB_MECHANISM_MS_KERBEROS, TB_MECHANISM_KERBEROS,
                                             TB_MECHANISM_NTLMSSP};
    struct tb_acceptor_event event;
    struct tb_acceptor *acceptor = kerberos_acceptor(list, 3, &event);

    ck_assert_int_eq(event.kind, TB_ACCEPTOR_MECHANISM);
    ck_assert_int_eq(event.mechanism, TB_MECHANISM_MS_KERBEROS);
    ck_assert_uint_eq(event.mechanism_token.length, 6);
    ck_assert_int_eq(tb_acceptor_mechanism(acceptor, &established, &event), TB_OK);
    ck_assert_int_eq(event.kind, TB_ACCEPTOR_COMPLETE);
    ck_assert_uint_eq(event.session_key.length, 32);
    check_reply(event.reply, TB_ACCEPT_COMPLETED, TB_MECHANISM_MS_KERBEROS, "AP-REP", "");
    tb_acceptor_destroy(acceptor);
}
END_TEST

START_TEST(kerberos_in_two_rounds)
{
    static const enum tb_mechanism list[] = {TB_MECHANISM_KERBEROS};
    struct tb_acceptor_event event;
    struct tb_acceptor *acceptor = kerberos_acceptor(list, 1, &event);
    struct tb_mechanism_output more = {.token = tb_span("more", 4)}, last = established;

    ck_assert_int_eq(tb_acceptor_mechanism(acceptor, &more, &event), TB_OK);
    ck_assert_int_eq(event.kind, TB_ACCEPTOR_CONTINUE);
    check_reply(event.reply, TB_ACCEPT_INCOMPLETE, TB_MECHANISM_KERBEROS, "more", "");
    step_response(acceptor, "third leg", "theirs", TB_OK, &event);
    ck_assert_int_eq(event.kind, TB_ACCEPTOR_MECHANISM);
    ck_assert_uint_eq(event.peer_mic.length, 6);
    ck_assert_uint_eq(event.mechanism_list.length, 13);
    last.peer_mic_valid = true;
    ck_assert_int_eq(tb_acceptor_mechanism(acceptor, &last, &event), TB_OK);
    ck_assert_int_eq(event.kind, TB_ACCEPTOR_COMPLETE);
    check_reply(event.reply, TB_ACCEPT_COMPLETED, TB_MECHANISM_UNKNOWN, "AP-REP", "ours");
    tb_acceptor_destroy(acceptor);
}
END_TEST

/* NEGOEX first: the token is dropped, Kerberos chosen, and both MICs are due, ours first. */
START_TEST(kerberos_by_request_mic)
{
    static const enum tb_mechanism list[] = {TB_MECHANISM_NEGOEX, TB_MECHANISM_KERBEROS};
    struct tb_mechanism_output checked = {.peer_mic_valid = _i == 0};
    struct tb_acceptor_event event;
    struct tb_acceptor *acceptor = kerberos_acceptor(list, 2, &event);

    ck_assert_int_eq(event.kind, TB_ACCEPTOR_CONTINUE);
    check_reply(event.reply, TB_REQUEST_MIC, TB_MECHANISM_KERBEROS, "", "");
    step_response(acceptor, "AP-REQ", "", TB_OK, &event);
    ck_assert_int_eq(event.kind, TB_ACCEPTOR_MECHANISM);
    ck_assert_int_eq(tb_acceptor_mechanism(acceptor, &established, &event), TB_OK);
    ck_assert_int_eq(event.kind, TB_ACCEPTOR_CONTINUE);
    check_reply(event.reply, TB_ACCEPT_INCOMPLETE, TB_MECHANISM_UNKNOWN, "AP-REP", "ours");
    if (_i == 2) {
        step_response(acceptor, "", "", TB_ACCESS_DENIED, &event);
    } else {
        step_response(acceptor, "", "theirs", TB_OK, &event);
        ck_assert_int_eq(event.kind, TB_ACCEPTOR_MECHANISM);
        ck_assert_uint_eq(event.mechanism_token.length, 0);
        ck_assert_uint_eq(event.peer_mic.length, 6);
        ck_assert_int_eq(tb_acceptor_mechanism(acceptor, &checked, &event),
                         _i == 0 ? TB_OK : TB_ACCESS_DENIED);
    }
    if (_i == 0) {
        ck_assert_int_eq(event.kind, TB_ACCEPTOR_COMPLETE);
        ck_assert_uint_eq(event.session_key.length, 32);
    }
    tb_acceptor_destroy(acceptor);
}
END_TEST

START_TEST(order_of_calls)
{
    struct tb_acceptor_config config = acceptor_config();
    struct tb_acceptor_event event;
    struct tb_acceptor *acceptor;
    static const enum tb_mechanism list[] = {TB_MECHANISM_NEGOEX, TB_MECHANISM_KERBEROS};
    struct tb_token token;

    ck_assert_int_eq(tb_acceptor_create(&config, &acceptor), TB_OK);
    ck_assert_int_eq(tb_acceptor_identify(acceptor, TB_VERDICT_GUEST, NULL, &event),
                     TB_INVALID_PARAMETER);
    tb_acceptor_destroy(acceptor);
    ck_assert_int_eq(tb_acceptor_create(&config, &acceptor), TB_OK);
    ck_assert_int_eq(tb_acceptor_mechanism(acceptor, &established, &event), TB_INVALID_PARAMETER);
    tb_acceptor_destroy(acceptor);
    /* No mechanism in common; afterwards nothing goes any more. */
    ck_assert_int_eq(tb_acceptor_create(&config, &acceptor), TB_OK);
    encode_init(list, 2, "token", &token);
    ck_assert_int_eq(tb_acceptor_step(acceptor, tb_token_span(&token), &event),
                     TB_INVALID_PARAMETER);
    tb_token_free(&token);
    encode_init((enum tb_mechanism[]){TB_MECHANISM_NTLMSSP}, 1, "", &token);
    ck_assert_int_eq(tb_acceptor_step(acceptor, tb_token_span(&token), &event),
                     TB_INVALID_PARAMETER);
    tb_token_free(&token);
    ck_assert_int_eq(tb_acceptor_step(acceptor, tb_span(NULL, 0), &event), TB_INVALID_PARAMETER);
    tb_acceptor_destroy(acceptor);
}
END_TEST

/* Each token cut at every length. */
static void cut(int number, struct tb_token *token, const void *how)
{
    const struct change *change = how;
    struct tb_token start;

    if (number != change->number || change->at >= token->length)
        return;
    ck_assert_int_eq(tb_token_copy(&start, tb_span(token->data, change->at)), TB_OK);
    tb_token_free(token);
    *token = start;
}

START_TEST(truncation)
{
    for (int number = 0; number < 4; number++)
        for (size_t at = 0; at < 600; at++) {
            struct change change = {number, at, 0};
            struct run run = new_run();
            run.initiator.bare = _i;
            run.meddle = cut;
            run.how = &change;
            enum tb_error error = exchange(&run);
            ck_assert(error == TB_OK || error == TB_INVALID_PARAMETER ||
                      error == TB_LOGON_FAILURE || error == TB_ACCESS_DENIED);
        }
}
END_TEST

static enum tb_error one_of_each(void)
{
    struct run run = new_run();
    enum tb_error error = exchange(&run);

    run = new_run();
    run.initiator.preferred = TB_MECHANISM_NEGOEX;
    run.acceptor.kerberos = true;
    if (!error)
        error = exchange(&run);
    run = new_run();
    run.initiator.bare = true;
    if (!error)
        error = exchange(&run);
    return error;
}

START_TEST(no_memory)
{
    ck_assert_int_gt(tb_fault_each(one_of_each), 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("acceptor");
    TCase *tests = tcase_create("acceptor");

    if (tb_ntlm_hash_password("password", hash))
        return EXIT_FAILURE;
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, spnego_and_bare);
    tcase_add_loop_test(tests, other_mechanism_preferred, 0, 3);
    tcase_add_test(tests, wrong_password);
    tcase_add_test(tests, guests);
    tcase_add_test(tests, nobody);
    tcase_add_test(tests, tampering);
    tcase_add_test(tests, downgrade_of_the_list);
    tcase_add_test(tests, mics_that_are_due);
    tcase_add_test(tests, kerberos_at_once);
    tcase_add_test(tests, kerberos_in_two_rounds);
    tcase_add_loop_test(tests, kerberos_by_request_mic, 0, 3);
    tcase_add_test(tests, order_of_calls);
    tcase_add_loop_test(tests, truncation, 0, 2);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
