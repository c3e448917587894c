#include "sim/client.h"

#include <stdlib.h>
#include <string.h>

/* FILETIME units a client waits for an answer: an hour of simulated time. */
#define PATIENCE (UINT64_C(3600) * 10000000)

struct tb_sim_client *tb_sim_client_create(struct tb_sim_driver *driver, unsigned loop)
{
    struct tb_sim_client *client = calloc(1, sizeof(*client));
    if (!client)
        abort();
    client->driver = driver;
    client->loop = loop;
    client->credits = 1;
    client->credits_wanted = 32;
    client->sign = true;
    tb_sim_random_bytes(&driver->random, client->guid, sizeof(client->guid));
    tb_list_init(&client->unanswered);
    tb_list_init(&client->sessions);
    tb_list_init(&client->trees);
    client->port = driver->ops->connect(driver->driver, client, loop);
    client->connected = true;
    return client;
}

static void session_free(struct tb_sim_session *session)
{
    tb_signer_destroy(session->signer);
    tb_sealer_destroy(session->seal);
    tb_sealer_destroy(session->unseal);
    free(session->nonces_seen);
    free(session);
}

void tb_sim_client_free(struct tb_sim_client *client)
{
    if (!client)
        return;
    client->port.ops->release(client->port.port);
    tb_sim_require(tb_list_empty(&client->unanswered) || client->ended || client->connected);
    for (struct tb_list *i; (i = tb_list_take(&client->unanswered));) {
        struct tb_sim_request *r = tb_container(i, struct tb_sim_request, place);
        r->done = r->lost = true;
    }
    for (struct tb_list *i; (i = tb_list_take(&client->trees));)
        free(tb_container(i, struct tb_sim_tree, place));
    for (struct tb_list *i; (i = tb_list_take(&client->sessions));)
        session_free(tb_container(i, struct tb_sim_session, place));
    tb_token_free(&client->hint);
    free(client);
}

void tb_sim_client_disconnect(struct tb_sim_client *client)
{
    client->port.ops->disconnect(client->port.port);
}

void tb_sim_client_set_reading(struct tb_sim_client *client, bool reading)
{
    client->port.ops->set_reading(client->port.port, reading);
}

void tb_sim_client_ended(struct tb_sim_client *client)
{
    tb_sim_require(!client->ended);
    client->ended = true;
    client->connected = false;
    for (struct tb_list *i; (i = tb_list_take(&client->unanswered));) {
        struct tb_sim_request *r = tb_container(i, struct tb_sim_request, place);
        r->done = r->lost = true;
        if (r->answered)
            r->answered(r);
    }
}

static void step(struct tb_sim_client *client, uint64_t since, const char *what)
{
    if (!client->driver->ops->step(client->driver->driver))
        tb_sim_fail(__FILE__, __LINE__, "nothing happens any more while waiting for %s", what);
    if (client->driver->ops->filetime(client->driver->driver) - since > PATIENCE)
        tb_sim_fail(__FILE__, __LINE__, "waited too long for %s", what);
}

static uint64_t now(const struct tb_sim_client *client)
{
    return client->driver->ops->filetime(client->driver->driver);
}

void tb_sim_client_wait_end(struct tb_sim_client *client)
{
    uint64_t since = now(client);
    while (!client->ended)
        step(client, since, "the connection's end");
}

void tb_sim_wait_pending(struct tb_sim_request *request)
{
    uint64_t since = now(request->client);
    while (!request->done && !request->pending)
        step(request->client, since, "an interim response");
}

enum tb_error tb_sim_wait(struct tb_sim_request *request)
{
    uint64_t since = now(request->client);
    while (!request->done)
        step(request->client, since, "a response");
    return request->lost ? TB_DROP_CONNECTION : request->error;
}

void tb_sim_call_all(struct tb_sim_request *const *parts, unsigned count)
{
    struct tb_sim_client *client = parts[0]->client;
    uint64_t since = now(client);
    while (!client->ended && !tb_sim_can_send(client, parts, count))
        step(client, since, "credits");
    tb_sim_send(parts, count);
    for (unsigned i = 0; i < count; i++)
        tb_sim_wait(parts[i]);
}

enum tb_error tb_sim_call(struct tb_sim_request *request)
{
    tb_sim_call_all(&request, 1);
    return request->lost ? TB_DROP_CONNECTION : request->error;
}

enum tb_error tb_sim_do(struct tb_sim_request *request)
{
    enum tb_error error = tb_sim_call(request);
    tb_sim_request_free(request);
    return error;
}
