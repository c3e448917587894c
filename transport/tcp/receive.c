/* From bytes to messages: RFC 1002 4.3 and MS-SMB2 2.1. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "transport/tcp/internal.h"

enum {
    SESSION_MESSAGE = 0x00,
    SESSION_REQUEST = 0x81,
    POSITIVE_SESSION_RESPONSE = 0x82,
    SESSION_KEEPALIVE = 0x85,
};

/* Two NetBIOS names with scopes. */
#define SESSION_REQUEST_MAX 600

static void begin_message(struct tcp_link *link, size_t length)
{
    if (!length || !tb_conn_admits(link->conn, length)) {
        tb_tcp_link_break(link);
        return;
    }
    link->message = tb_payload_get(link->loop->loop, length);
    if (!link->message) {
        tb_tcp_link_break(link);
        return;
    }
    assert(link->message->capacity >= length);
    link->message->length = length;
    link->received = 0;
}

/* Sent at once: before the first message nothing else can be on its way out. */
static void answer_session_request(struct tcp_link *link)
{
    static const uint8_t response[TB_TCP_HEADER_LENGTH] = {POSITIVE_SESSION_RESPONSE};
    if (send(link->fd, response, sizeof(response), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        (ssize_t)sizeof(response))
        tb_tcp_link_break(link);
}

/* The four bytes of link->header are there: what do they begin? */
static void begin_frame(struct tcp_link *link)
{
    const uint8_t *h = link->header;
    size_t length = (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
    link->header_length = 0;
    if (h[0] == SESSION_MESSAGE)
        begin_message(link, length);
    else if (h[0] == SESSION_REQUEST && !link->greeted && length <= SESSION_REQUEST_MAX) {
        link->skip = (uint32_t)length;
        answer_session_request(link);
    } else if (h[0] != SESSION_KEEPALIVE || length)
        tb_tcp_link_break(link);
    link->greeted = true;
}

static void finish_message(struct tcp_link *link)
{
    struct tb_payload *message = link->message;
    link->message = NULL;
    link->received = 0;
    link->loop->eventful = true;
    tb_conn_receive(link->conn, message);
}

/* Take what belongs to the current piece of the stream; how many bytes that were. */
static size_t take_piece(struct tcp_link *link, const uint8_t *bytes, size_t length)
{
    size_t taken;
    if (link->skip) {
        taken = link->skip < length ? link->skip : length;
        link->skip -= (uint32_t)taken;
    } else if (link->message) {
        size_t missing = link->message->length - link->received;
        taken = missing < length ? missing : length;
        memcpy(link->message->data + link->received, bytes, taken);
        link->received += taken;
        if (link->received == link->message->length)
            finish_message(link);
    } else {
        size_t missing = TB_TCP_HEADER_LENGTH - link->header_length;
        taken = missing < length ? missing : length;
        memcpy(link->header + link->header_length, bytes, taken);
        link->header_length += (unsigned)taken;
        if (link->header_length == TB_TCP_HEADER_LENGTH)
            begin_frame(link);
    }
    return taken;
}

static void take(struct tcp_link *link, const uint8_t *bytes, size_t length)
{
    while (length && link->state == TCP_OPEN) {
        size_t taken = take_piece(link, bytes, length);
        bytes += taken;
        length -= taken;
    }
}

/* One system call: the rest of the message goes where it belongs, what follows it into the
 * scratch. The bytes read; 0 when there are no more now or ever. */
static size_t receive_some(struct tcp_link *link, size_t most)
{
    struct iovec pieces[2];
    size_t count = 0, direct = 0;
    if (link->message) {
        direct = link->message->length - link->received;
        if (direct > most)
            direct = most;
        pieces[count++] = (struct iovec){link->message->data + link->received, direct};
    }
    pieces[count++] = (struct iovec){link->loop->scratch, TB_TCP_SCRATCH_BYTES};
    ssize_t got;
    do
        got = readv(link->fd, pieces, (int)count);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        tb_tcp_link_drain(link);
    else if (got < 0 && errno != EAGAIN)
        tb_tcp_link_break(link);
    if (got <= 0)
        return 0;
    size_t placed = (size_t)got < direct ? (size_t)got : direct;
    link->received += placed;
    if (direct && link->received == link->message->length)
        finish_message(link);
    take(link, link->loop->scratch, (size_t)got - placed);
    return (size_t)got == direct + TB_TCP_SCRATCH_BYTES ? (size_t)got : 0;
}

void tb_tcp_link_receive(struct tcp_link *link)
{
    size_t left = TB_TCP_TURN_BYTES;
    while (left && link->state == TCP_OPEN && !link->paused) {
        size_t got = receive_some(link, left);
        if (!got)
            break;
        left -= got < left ? got : left;
    }
    link->idle_sweeps = 0;
    if (link->state == TCP_OPEN && (link->message || link->header_length || link->skip))
        tb_tcp_link_moved(link);
}
