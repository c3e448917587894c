#include "core/credit.h"

#include <assert.h>
#include <stdlib.h>

/* The first window, before anything is allocated: as many ids as fit one word. */
#define WIDTH_FIRST 64u

void tb_credit_init(struct tb_credit_window *window, uint32_t limit)
{
    assert(limit > 0 && limit <= TB_CREDITS_LIMIT);
    *window = (struct tb_credit_window){.low = 0, .high = 1, .unused = 1, .limit = limit};
}

void tb_credit_clear(struct tb_credit_window *window)
{
    free(window->used);
    window->used = NULL;
    window->width = 0;
}

static uint64_t *word_of(const struct tb_credit_window *window, uint64_t id)
{
    return &window->used[(id & (window->width - 1)) / 64];
}

static bool is_used(const struct tb_credit_window *window, uint64_t id)
{
    return window->width && (*word_of(window, id) >> (id % 64) & 1);
}

/* Make room for `width` ids; the bits of ids in the window keep their meaning. */
static bool widen(struct tb_credit_window *window, uint32_t width)
{
    uint64_t *words = calloc(width / 64, sizeof(*words));
    if (!words)
        return false;
    struct tb_credit_window wider = *window;
    wider.used = words;
    wider.width = width;
    for (uint64_t id = window->low; id < window->high; id++)
        if (is_used(window, id))
            *word_of(&wider, id) |= UINT64_C(1) << (id % 64);
    free(window->used);
    *window = wider;
    return true;
}

bool tb_credit_use(struct tb_credit_window *window, uint64_t id, uint32_t charge)
{
    if (charge == 0)
        charge = 1;
    if (id < window->low || id >= window->high || charge > window->high - id)
        return false;
    for (uint64_t i = id; i < id + charge; i++)
        if (is_used(window, i))
            return false;
    if (window->width == 0 && !(id == window->low && charge == window->high - id) &&
        !widen(window, WIDTH_FIRST))
        return false;
    for (uint64_t i = id; i < id + charge && window->width; i++)
        *word_of(window, i) |= UINT64_C(1) << (i % 64);
    window->unused -= charge;
    if (window->width == 0)
        window->low = id + charge;
    for (; window->low < window->high && is_used(window, window->low); window->low++)
        *word_of(window, window->low) &= ~(UINT64_C(1) << (window->low % 64));
    return true;
}

uint16_t tb_credit_grant(struct tb_credit_window *window, uint32_t wanted)
{
    uint32_t spread = (uint32_t)(window->high - window->low);
    uint32_t room = window->limit - window->unused;
    if (room > 2 * window->limit - spread)
        room = 2 * window->limit - spread;
    if (wanted == 0 && window->unused == 0)
        wanted = 1;
    uint32_t granted = wanted < room ? wanted : room;
    if (spread + granted > (window->width ? window->width : 1)) {
        uint32_t width = window->width ? window->width : WIDTH_FIRST;
        while (width < spread + granted)
            width *= 2;
        if (!widen(window, width)) {
            uint32_t most = window->width ? window->width : 1;
            granted = spread < most ? most - spread : 0;
        }
    }
    window->high += granted;
    window->unused += granted;
    return (uint16_t)granted;
}
