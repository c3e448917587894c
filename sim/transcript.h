/* The transcript of a simulated run: a SHA-256 over the messages in both directions (before
 * ciphering), the virtual times, and the exporter's calls and answers. One seed gives one hash,
 * whatever compiler, optimisation or address layout. */
#ifndef TB_SIM_TRANSCRIPT_H
#define TB_SIM_TRANSCRIPT_H

#include "core/exporter.h"
#include "sim/world.h"

#define TB_SIM_TRANSCRIPT_TEXT 65

struct tb_sim_transcript {
    struct tb_sim_world *world;
    void *hash;
    uint64_t messages, calls;
};

void tb_sim_transcript_begin(struct tb_sim_transcript *transcript, struct tb_sim_world *world);
/* The hash in hexadecimal; the transcript is ended by it. */
void tb_sim_transcript_end(struct tb_sim_transcript *transcript, char text[TB_SIM_TRANSCRIPT_TEXT]);

/* What struct tb_server_config wants for `transcript`; its data is the transcript. */
void tb_sim_transcript_message(void *data, uint64_t connection_id, bool outgoing,
                               const struct tb_span *segments, size_t count);
void tb_sim_transcript_call(struct tb_sim_transcript *transcript, const struct tb_call *call,
                            bool answer, enum tb_error error);

#endif
