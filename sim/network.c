#include "sim/network.h"

#include "sim/client.h"
#include "sim/fault.h"
#include <stdio.h>
#include <stdlib.h>

/* A message on its way, either direction. */
struct packet {
    struct tb_list place;
    uint64_t due_us;
    size_t length;
    uint8_t data[];
};

/* States: connecting -> connected -> ended (conn NULL); freed when ended and released. */
struct link {
    struct tb_list place;
    struct tb_sim_network *network;
    struct tb_sim_loop *loop;
    struct tb_conn *conn;
    struct tb_sim_client *client;
    unsigned number;
    struct tb_list inbound, outgoing, arriving;
    size_t arriving_bytes;
    struct tb_sim_event connect, to_server, leave, to_client, end, tell_end;
    bool paused, reading, closing, closing_at_once, ended, told, released;
};

static struct tb_sim_world *world_of(const struct link *link)
{
    return link->network->world;
}

static uint64_t delay(struct link *link)
{
    const struct tb_sim_network_settings *s = &link->network->settings;
    return s->delay_min_us + tb_sim_random_below(&link->network->random,
                                                 s->delay_max_us - s->delay_min_us + 1);
}

static struct packet *packet_new(struct link *link, struct tb_list *queue, size_t length)
{
    struct packet *packet = malloc(sizeof(*packet) + length);
    if (!packet)
        abort();
    uint64_t due_us = world_of(link)->now_us + delay(link);
    if (!tb_list_empty(queue)) {
        struct packet *last = tb_container(queue->previous, struct packet, place);
        due_us = due_us > last->due_us ? due_us : last->due_us;
    }
    packet->due_us = due_us;
    packet->length = length;
    tb_list_append(queue, &packet->place);
    return packet;
}

static struct packet *packet_first(struct tb_list *queue)
{
    return tb_list_empty(queue) ? NULL : tb_container(queue->next, struct packet, place);
}

static void packets_free(struct tb_list *queue)
{
    for (struct tb_list *i; (i = tb_list_take(queue));)
        free(tb_container(i, struct packet, place));
}

static void schedule_packet(struct link *link, struct tb_list *queue, struct tb_sim_event *event)
{
    const struct packet *packet = packet_first(queue);
    uint64_t now_us = world_of(link)->now_us;
    if (packet)
        tb_sim_event_schedule(world_of(link), event,
                              packet->due_us > now_us ? packet->due_us - now_us : 0);
}

static void free_if_unused(struct link *link)
{
    if (!link->ended || !link->released || link->tell_end.state != TB_SIM_EVENT_IDLE)
        return;
    tb_sim_event_cancel(world_of(link), &link->to_client);
    packets_free(&link->arriving);
    tb_list_remove(&link->place);
    free(link);
}

/* Towards the client */

static void deliver_to_client(struct tb_sim_event *event)
{
    struct link *link = tb_container(event, struct link, to_client);
    if (!link->reading || link->released)
        return;
    struct packet *packet = packet_first(&link->arriving);
    if (packet) {
        tb_list_remove(&packet->place);
        link->arriving_bytes -= packet->length;
        tb_sim_client_receive(link->client, tb_span(packet->data, packet->length));
        free(packet);
    }
    schedule_packet(link, &link->arriving, &link->to_client);
    if (!tb_list_empty(&link->outgoing))
        tb_sim_event_schedule(world_of(link), &link->leave, 0);
    if (link->ended && tb_list_empty(&link->arriving))
        tb_sim_event_schedule(world_of(link), &link->tell_end, 0);
}

static void tell_end(struct tb_sim_event *event)
{
    struct link *link = tb_container(event, struct link, tell_end);
    if (!link->told && !link->released) {
        link->told = true;
        tb_sim_client_ended(link->client);
    }
    free_if_unused(link);
}

/* Out of the server */

static void copy_out(struct link *link, const struct tb_outgoing *message)
{
    struct packet *packet = packet_new(link, &link->arriving, message->length);
    size_t at = 0;
    for (size_t i = 0; i < message->segment_count; i++) {
        tb_sim_require(message->segments[i].length <= message->length - at);
        if (message->segments[i].length)
            memcpy(packet->data + at, message->segments[i].data, message->segments[i].length);
        at += message->segments[i].length;
    }
    tb_sim_require_equal(at, message->length);
    link->arriving_bytes += at;
    schedule_packet(link, &link->arriving, &link->to_client);
}

static bool has_window(const struct link *link)
{
    return link->reading || link->arriving_bytes < link->network->settings.window;
}

static void leave(struct tb_sim_event *event)
{
    struct link *link = tb_container(event, struct link, leave);
    if (link->ended || tb_list_empty(&link->outgoing) || !has_window(link))
        return;
    if (tb_sim_random_chance(&link->network->random, link->network->settings.cut_one_in)) {
        tb_sim_event_schedule(world_of(link), &link->end, 0);
        return;
    }
    struct tb_outgoing *message =
        tb_container(tb_list_take(&link->outgoing), struct tb_outgoing, queued);
    copy_out(link, message);
    struct tb_sim_loop *before = tb_sim_enter(world_of(link), link->loop);
    message->sent(message, true);
    tb_sim_leave(world_of(link), before);
    tb_sim_event_schedule(world_of(link), &link->loop->run, 0);
    if (!tb_list_empty(&link->outgoing))
        tb_sim_event_schedule(world_of(link), &link->leave,
                              tb_sim_random_below(&link->network->random, 50));
    else if (link->closing)
        tb_sim_event_schedule(world_of(link), &link->end, 0);
}

static void link_send(void *data, struct tb_outgoing *message)
{
    struct link *link = data;
    bool armed = tb_sim_fault_arm(false);
    tb_sim_require(world_of(link)->current == link->loop && !world_of(link)->in_section);
    tb_sim_require(!link->ended && message->sent_length == 0);
    tb_sim_log(world_of(link), "link %u: server sends %zu bytes", link->number, message->length);
    bool at_once = tb_list_empty(&link->outgoing) && has_window(link) &&
                   !link->closing_at_once && tb_sim_random_chance(&link->network->random, 4);
    if (at_once) {
        copy_out(link, message);
        tb_sim_fault_restore(armed);
        message->sent(message, true);
        tb_sim_fault_arm(false);
    } else {
        tb_list_append(&link->outgoing, &message->queued);
        tb_sim_event_schedule(world_of(link), &link->leave,
                              tb_sim_random_below(&link->network->random, 50));
    }
    tb_sim_world_may_switch(world_of(link));
    tb_sim_fault_restore(armed);
}

static void link_close(void *data, bool at_once)
{
    struct link *link = data;
    bool armed = tb_sim_fault_arm(false);
    tb_sim_require(!link->ended);
    tb_sim_log(world_of(link), "link %u: server closes%s", link->number, at_once ? " at once" : "");
    link->closing = true;
    link->closing_at_once = link->closing_at_once || at_once;
    if (at_once || tb_list_empty(&link->outgoing))
        tb_sim_event_schedule(world_of(link), &link->end, 0);
    tb_sim_fault_restore(armed);
}

static void link_pause(void *data)
{
    struct link *link = data;
    link->paused = true;
}

static void link_resume(void *data)
{
    struct link *link = data;
    bool armed = tb_sim_fault_arm(false);
    link->paused = false;
    schedule_packet(link, &link->inbound, &link->to_server);
    tb_sim_fault_restore(armed);
}

static const struct tb_link_ops link_ops = {
    .kind = TB_LINK_SIMULATED,
    .send = link_send,
    .close = link_close,
    .pause = link_pause,
    .resume = link_resume,
};

/* The end of a link, whoever wanted it */

static void fail_outgoing(struct link *link)
{
    for (struct tb_list *i; (i = tb_list_take(&link->outgoing));) {
        struct tb_outgoing *message = tb_container(i, struct tb_outgoing, queued);
        message->sent(message, false);
    }
}

static void end(struct tb_sim_event *event)
{
    struct link *link = tb_container(event, struct link, end);
    struct tb_sim_world *world = world_of(link);
    if (link->ended)
        return;
    tb_sim_log(world, "link %u: ends", link->number);
    if (link->conn) {
        struct tb_sim_loop *before = tb_sim_enter(world, link->loop);
        fail_outgoing(link);
        link->ended = true;
        tb_conn_lost(link->conn);
        tb_sim_leave(world, before);
        tb_sim_event_schedule(world, &link->loop->run, 0);
    }
    link->ended = true;
    link->conn = NULL;
    tb_sim_event_cancel(world, &link->connect);
    tb_sim_event_cancel(world, &link->to_server);
    tb_sim_event_cancel(world, &link->leave);
    packets_free(&link->inbound);
    if (!link->reading)
        packets_free(&link->arriving);
    if (tb_list_empty(&link->arriving) || link->released)
        tb_sim_event_schedule(world, &link->tell_end, 0);
    else
        schedule_packet(link, &link->arriving, &link->to_client);
}

/* Towards the server */

static bool hand_over(struct link *link, const struct packet *packet)
{
    if (!tb_conn_admits(link->conn, packet->length))
        return false;
    struct tb_payload *payload = tb_payload_get(link->loop->loop, packet->length);
    if (!payload)
        return false;
    tb_sim_require(payload->capacity >= packet->length);
    if (packet->length)
        memcpy(payload->data, packet->data, packet->length);
    payload->length = packet->length;
    tb_conn_receive(link->conn, payload);
    return true;
}

static void deliver_to_server(struct tb_sim_event *event)
{
    struct link *link = tb_container(event, struct link, to_server);
    struct packet *packet = packet_first(&link->inbound);
    if (link->ended || link->closing || link->paused || !packet || !link->conn)
        return;
    tb_list_remove(&packet->place);
    tb_sim_log(world_of(link), "link %u: server receives %zu bytes", link->number, packet->length);
    bool cut = tb_sim_random_chance(&link->network->random, link->network->settings.cut_one_in);
    if (!cut) {
        struct tb_sim_loop *before = tb_sim_enter(world_of(link), link->loop);
        cut = !hand_over(link, packet);
        tb_sim_leave(world_of(link), before);
    }
    free(packet);
    if (cut)
        tb_sim_event_schedule(world_of(link), &link->end, 0);
    else
        tb_sim_event_schedule(world_of(link), &link->loop->run, 0);
    schedule_packet(link, &link->inbound, &link->to_server);
}

static void connect_link(struct tb_sim_event *event)
{
    struct link *link = tb_container(event, struct link, connect);
    struct tb_sim_world *world = world_of(link);
    struct tb_peer peer;
    snprintf(peer.address, sizeof(peer.address), "192.0.2.%u:%u", link->number % 250 + 1,
             1024 + link->number);
    struct tb_sim_loop *before = tb_sim_enter(world, link->loop);
    link->conn = tb_conn_create(link->loop->loop, &link_ops, link, &peer);
    tb_sim_leave(world, before);
    tb_sim_log(world, "link %u: connects%s", link->number, link->conn ? "" : ", refused");
    tb_sim_event_schedule(world, link->conn ? &link->loop->run : &link->end, 0);
    schedule_packet(link, &link->inbound, &link->to_server);
}

/* The client's side */

static void port_transmit(void *port, struct tb_span message)
{
    struct link *link = port;
    if (link->ended)
        return;
    struct packet *packet = packet_new(link, &link->inbound, message.length);
    if (message.length)
        memcpy(packet->data, message.data, message.length);
    if (link->conn)
        schedule_packet(link, &link->inbound, &link->to_server);
}

static void port_disconnect(void *port)
{
    struct link *link = port;
    if (!link->ended)
        tb_sim_event_schedule(world_of(link), &link->end, 0);
}

static void port_set_reading(void *port, bool reading)
{
    struct link *link = port;
    link->reading = reading;
    if (!reading)
        return;
    schedule_packet(link, &link->arriving, &link->to_client);
    if (!link->ended && !tb_list_empty(&link->outgoing))
        tb_sim_event_schedule(world_of(link), &link->leave, 0);
}

static void port_release(void *port)
{
    struct link *link = port;
    link->released = true;
    if (link->ended)
        tb_sim_event_schedule(world_of(link), &link->tell_end, 0);
    else
        tb_sim_event_schedule(world_of(link), &link->end, 0);
}

static const struct tb_sim_port_ops port_ops = {
    .transmit = port_transmit,
    .disconnect = port_disconnect,
    .set_reading = port_set_reading,
    .release = port_release,
};

static struct tb_sim_port driver_connect(void *driver, struct tb_sim_client *client,
                                         unsigned loop)
{
    struct tb_sim_network *network = driver;
    struct link *link = calloc(1, sizeof(*link));
    if (!link)
        abort();
    tb_sim_require(network->world->loop_count > 0);
    link->network = network;
    link->loop = &network->world->loops[loop % network->world->loop_count];
    link->client = client;
    link->number = ++network->numbers;
    link->reading = true;
    tb_list_init(&link->inbound);
    tb_list_init(&link->outgoing);
    tb_list_init(&link->arriving);
    link->connect = (struct tb_sim_event){.run = connect_link, .loop = link->loop};
    link->to_server = (struct tb_sim_event){.run = deliver_to_server, .loop = link->loop};
    link->leave = (struct tb_sim_event){.run = leave, .loop = link->loop};
    link->end = (struct tb_sim_event){.run = end, .loop = link->loop};
    link->to_client = (struct tb_sim_event){.run = deliver_to_client};
    link->tell_end = (struct tb_sim_event){.run = tell_end};
    tb_list_append(&network->links, &link->place);
    tb_sim_event_schedule(network->world, &link->connect, delay(link));
    return (struct tb_sim_port){&port_ops, link};
}

static bool driver_step(void *driver)
{
    struct tb_sim_network *network = driver;
    return tb_sim_world_step(network->world);
}

static uint64_t driver_filetime(void *driver)
{
    struct tb_sim_network *network = driver;
    return TB_SIM_EPOCH_FILETIME + network->world->now_us * 10;
}

static const struct tb_sim_driver_ops driver_ops = {
    .connect = driver_connect,
    .step = driver_step,
    .filetime = driver_filetime,
};

void tb_sim_network_init(struct tb_sim_network *network, struct tb_sim_world *world)
{
    *network = (struct tb_sim_network){.world = world};
    network->settings = (struct tb_sim_network_settings){
        .delay_min_us = 1, .delay_max_us = 500, .window = 256 * 1024};
    network->driver = (struct tb_sim_driver){.ops = &driver_ops, .driver = network};
    tb_sim_random_seed(&network->random, world->seed, 1);
    tb_sim_random_seed(&network->driver.random, world->seed, 2);
    tb_list_init(&network->links);
}

void tb_sim_network_clear(struct tb_sim_network *network)
{
    tb_sim_require(tb_list_empty(&network->links));
}

unsigned tb_sim_network_connected(const struct tb_sim_network *network)
{
    unsigned count = 0;
    tb_list_for_each(i, &network->links)
        count += tb_container(i, struct link, place)->conn != NULL;
    return count;
}
