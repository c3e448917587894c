#include "sim/transcript.h"

#include "sim/fault.h"
#include <gnutls/crypto.h>
#include <stdio.h>

static void add(struct tb_sim_transcript *transcript, const void *bytes, size_t length)
{
    if (length && gnutls_hash(transcript->hash, bytes, length) != 0)
        tb_sim_fail(__FILE__, __LINE__, "cannot hash");
}

static void add_u64(struct tb_sim_transcript *transcript, uint64_t value)
{
    uint8_t bytes[8];
    tb_store_u64(bytes, value);
    add(transcript, bytes, sizeof(bytes));
}

static void add_text(struct tb_sim_transcript *transcript, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    add_u64(transcript, length);
    add(transcript, text, length);
}

void tb_sim_transcript_begin(struct tb_sim_transcript *transcript, struct tb_sim_world *world)
{
    gnutls_hash_hd_t hash;
    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        tb_sim_fail(__FILE__, __LINE__, "no SHA-256");
    *transcript = (struct tb_sim_transcript){.world = world, .hash = hash};
    world->transcript = transcript;
    add_u64(transcript, world->seed);
}

void tb_sim_transcript_end(struct tb_sim_transcript *transcript, char text[TB_SIM_TRANSCRIPT_TEXT])
{
    uint8_t digest[32];
    add_u64(transcript, transcript->messages);
    add_u64(transcript, transcript->calls);
    gnutls_hash_deinit(transcript->hash, digest);
    transcript->world->transcript = NULL;
    for (unsigned i = 0; i < sizeof(digest); i++)
        snprintf(text + i * 2, 3, "%02x", digest[i]);
}

void tb_sim_transcript_message(void *data, uint64_t connection_id, bool outgoing,
                               const struct tb_span *segments, size_t count)
{
    struct tb_sim_transcript *transcript = data;
    bool armed = tb_sim_fault_arm(false);
    transcript->messages++;
    add_u64(transcript, transcript->world->now_us);
    add_u64(transcript, connection_id * 2 + outgoing);
    for (size_t i = 0; i < count; i++)
        add(transcript, segments[i].data, segments[i].length);
    tb_sim_fault_restore(armed);
}

void tb_sim_transcript_call(struct tb_sim_transcript *transcript, const struct tb_call *call,
                            bool answer, enum tb_error error)
{
    bool armed = tb_sim_fault_arm(false);
    transcript->calls++;
    add_u64(transcript, transcript->world->now_us);
    add_u64(transcript, (uint64_t)call->operation << 33 | (uint64_t)answer << 32 | error);
    if (!answer && call->operation == TB_CALL_OPEN)
        add_text(transcript, call->open.path);
    if (!answer && (call->operation == TB_CALL_RENAME || call->operation == TB_CALL_LINK))
        add_text(transcript, call->rename.path);
    if (call->operation == TB_CALL_READ || call->operation == TB_CALL_WRITE)
        add_u64(transcript, call->io.offset);
    if (call->operation == TB_CALL_ZERO || call->operation == TB_CALL_ALLOCATED_RANGES)
        add_u64(transcript, call->range.offset);
    tb_sim_fault_restore(armed);
}
