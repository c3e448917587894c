/* From messages to bytes: each is its four-byte header and its segments, several to a system call.
 */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "transport/tcp/internal.h"

#define PIECES_MAX   256 /* of one sendmsg(); at most IOV_MAX */
#define MESSAGES_MAX 64

struct gathered {
    struct iovec pieces[PIECES_MAX];
    uint8_t headers[MESSAGES_MAX][TB_TCP_HEADER_LENGTH];
    size_t piece_count, message_count, length;
};

static struct tb_outgoing *outgoing(struct tb_list *node)
{
    return tb_container(node, struct tb_outgoing, queued);
}

static size_t frame_length(const struct tb_outgoing *message)
{
    return TB_TCP_HEADER_LENGTH + message->length;
}

/* One more piece, less the `*sent` bytes of it and its successors that have left. */
static bool add_piece(struct gathered *to, const uint8_t *data, size_t length, size_t *sent)
{
    size_t skip = *sent < length ? *sent : length;
    *sent -= skip;
    if (skip == length)
        return true;
    if (to->piece_count == PIECES_MAX)
        return false;
    to->pieces[to->piece_count++] = (struct iovec){(void *)(uintptr_t)(data + skip), length - skip};
    to->length += length - skip;
    return true;
}

static bool add_message(struct gathered *to, const struct tb_outgoing *message)
{
    if (to->message_count == MESSAGES_MAX)
        return false;
    uint8_t *header = to->headers[to->message_count++];
    header[0] = 0;
    header[1] = (uint8_t)(message->length >> 16);
    header[2] = (uint8_t)(message->length >> 8);
    header[3] = (uint8_t)message->length;
    size_t sent = message->sent_length;
    bool room = add_piece(to, header, TB_TCP_HEADER_LENGTH, &sent);
    for (size_t i = 0; room && i < message->segment_count; i++)
        room = add_piece(to, message->segments[i].data, message->segments[i].length, &sent);
    return room;
}

static void gather(struct gathered *to, const struct tb_list *queue)
{
    to->piece_count = to->message_count = to->length = 0;
    for (struct tb_list *i = queue->next; i != queue; i = i->next)
        if (!add_message(to, outgoing(i)))
            break;
}

/* `length` bytes have left: messages that are complete wait for their sent(). */
static void advance(struct tcp_link *link, size_t length)
{
    while (length) {
        struct tb_outgoing *message = outgoing(link->outgoing.next);
        size_t missing = frame_length(message) - message->sent_length;
        if (length < missing) {
            message->sent_length += length;
            return;
        }
        length -= missing;
        message->sent_length += missing;
        assert(link->outgoing_bytes >= frame_length(message));
        link->outgoing_bytes -= frame_length(message);
        tb_list_remove(&message->queued);
        tb_list_append(&link->loop->written, &message->queued);
    }
}

static ssize_t send_gathered(int fd, struct gathered *from)
{
    struct msghdr header = {.msg_iov = from->pieces, .msg_iovlen = from->piece_count};
    ssize_t sent;
    do
        sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

void tb_tcp_link_write(struct tcp_link *link)
{
    struct gathered batch;
    while (!tb_list_empty(&link->outgoing) && !link->blocked && link->state != TCP_BROKEN) {
        gather(&batch, &link->outgoing);
        ssize_t sent = send_gathered(link->fd, &batch);
        if (sent < 0 && errno != EAGAIN) {
            tb_tcp_link_break(link);
            return;
        }
        link->blocked = sent < 0 || (size_t)sent < batch.length;
        if (sent > 0) {
            link->idle_sweeps = 0;
            advance(link, (size_t)sent);
        }
    }
    if (link->blocked)
        tb_tcp_link_moved(link);
}

void tb_tcp_link_send(void *self, struct tb_outgoing *message)
{
    struct tcp_link *link = self;
    assert(message->length <= 0xffffff);
    tb_list_append(&link->outgoing, &message->queued);
    message->sent_length = 0;
    link->outgoing_bytes += frame_length(message);
    if (link->outgoing_bytes >= TB_TCP_EARLY_BYTES)
        tb_tcp_link_write(link);
    tb_tcp_link_touch(link);
}
