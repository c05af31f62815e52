/* The states of a group, made as they turn up: which places of its phrases some match may have come to. */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

int states_forget(Group *g) {
    uint64_t *ways = calloc(FEW_WAYS, sizeof(uint64_t));
    if (!ways) return OUT_OF_MEMORY;
    free(g->ways);
    g->ways = ways;
    g->way_shift = 32 - (uint32_t)__builtin_ctz(FEW_WAYS);
    g->way_count = g->reached_count = 0;
    g->state_count = 0;
    memset(g->table, 0xff, TABLE * sizeof(uint16_t));
    memset(g->begun, 0xff, (size_t)g->classes * sizeof(uint16_t));
    return state_of(g, NULL, 0, 0) != NOT_MADE ? 0 : OUT_OF_MEMORY;
}

uint16_t state_of(Group *g, const uint16_t *places, uint32_t count, uint32_t ends) {
    uint32_t hash = count;
    for (uint32_t i = 0; i < count; i++) hash = (hash ^ places[i]) * SPREAD ^ hash >> 15;
    uint32_t slot = (hash ^ hash >> 16) & (TABLE - 1);
    for (; g->table[slot] != NOT_MADE; slot = (slot + 1) & (TABLE - 1)) {
        const Reached *known = &g->states[g->table[slot]];
        if (known->count == count && memcmp(g->reached + known->at, places, count * sizeof *places) == 0)
            return g->table[slot];
    }
    if (g->state_count >= MAX_STATES) return NOT_MADE;
    if (grow((void **)&g->states, &g->state_room, g->state_count + 1, sizeof(Reached))) return NOT_MADE;
    uint16_t made = (uint16_t)g->state_count++;
    g->table[slot] = made;
    g->states[made] = (Reached){g->reached_count, (uint16_t)count, (uint16_t)ends};
    g->reached_count += count + ends; /* where they stand already */
    return made;
}

/* Remember a way; twice as many have room when half the slots are taken. */
static int remember(Group *g, uint32_t key, uint32_t next) {
    uint32_t size = 1u << (32 - g->way_shift);
    if (2 * ++g->way_count > size) {
        uint64_t *old = g->ways, *ways = calloc(2 * (size_t)size, sizeof(uint64_t));
        if (!ways) return OUT_OF_MEMORY;
        g->ways = ways;
        g->way_shift--;
        for (uint32_t i = 0; i < size; i++)
            if (old[i]) *way_of(g, (uint32_t)(old[i] >> 32)) = old[i];
        free(old);
    }
    *way_of(g, key) = (uint64_t)key << 32 | next;
    return 0;
}

/* Note the phrases that end in some places behind these, and return the state of both; NOT_MADE without memory. */
static uint16_t with_ends(Group *g, uint32_t count) {
    uint16_t *places = g->reached + g->reached_count;
    uint32_t ends = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t p = g->phrase_of[places[i]];
        if (has(g->lasts, places[i]) && !(ends && places[count + ends - 1] == p)) places[count + ends++] = p;
    }
    uint16_t next = state_of(g, places, count, ends);
    return next != NOT_MADE && ends ? next | ENDS : next;
}

/* Make the state behind a symbol of a class where nothing was reached before it. */
static uint16_t begun(Group *g, uint16_t class) {
    const uint64_t *holds = g->holds + (size_t)class * (size_t)g->width;
    uint16_t *places = g->reached + g->reached_count;
    uint32_t count = 0;
    for (int32_t i = 0; i < g->words; i++)
        for (uint64_t bits = g->firsts[i]; bits; bits &= bits - 1) {
            int32_t place = 64 * i + __builtin_ctzll(bits);
            if (has(holds, g->set_of[place])) places[count++] = (uint16_t)place;
        }
    return with_ends(g, count);
}

/* Add the places that may follow those of a state and take a class to `count` ones in rising order; returns how many there
   are then, in rising order. */
static uint32_t add_following(Group *g, const Reached *from, uint16_t class, uint32_t count) {
    const uint64_t *holds = g->holds + (size_t)class * (size_t)g->width;
    uint16_t *places = g->reached + g->reached_count;
    for (uint32_t i = 0; i < count; i++) add(g->building, places[i]);
    for (uint32_t r = 0; r < from->count; r++) {
        int32_t place = g->reached[from->at + r];
        for (uint32_t j = g->follow_at[place]; j < g->follow_at[place + 1]; j++) {
            int32_t set = (int32_t)(g->follow[j] >> 16), next = g->follow[j] & 0xffff;
            if (!has(holds, set) || has(g->building, next)) continue;
            add(g->building, next);
            uint32_t at = count++;
            for (; at > 0 && places[at - 1] > next; at--) places[at] = places[at - 1];
            places[at] = (uint16_t)next;
        }
    }
    for (uint32_t i = 0; i < count; i++) g->building[places[i] / 64] = 0;
    return count;
}

static int make_room(Group *g) {
    uint32_t most = (uint32_t)g->places + (uint32_t)g->count;
    if (g->reached_count + most <= g->reached_room) return 0;
    uint32_t room = 2 * g->reached_room + most;
    uint16_t *reached = realloc(g->reached, room * sizeof(uint16_t));
    if (!reached) return OUT_OF_MEMORY;
    g->reached = reached;
    g->reached_room = room;
    return 0;
}

/* Make the state behind a symbol of a class, from the one before it; NOT_MADE without memory. */
static uint16_t made(Group *g, uint16_t state, uint16_t class) {
    if (make_room(g)) return NOT_MADE;
    if (g->begun[class] == NOT_MADE) {
        g->begun[class] = begun(g, class);
        if (g->begun[class] == NOT_MADE || make_room(g)) return NOT_MADE;
    }
    if (!state) return g->begun[class];
    const Reached begin = g->states[g->begun[class] & (ENDS - 1)], from = g->states[state];
    memcpy(g->reached + g->reached_count, g->reached + begin.at, begin.count * sizeof(uint16_t));
    return with_ends(g, add_following(g, &from, class, begin.count));
}

uint32_t states_advance(Group *g, uint16_t state, uint16_t class, uint16_t space) {
    uint32_t first = made(g, state, class);
    if (first == NOT_MADE) return NO_WAY;
    uint16_t behind = first & (ENDS - 1);
    uint64_t known = *way_of(g, way_key(g, behind, space));
    uint32_t second = known ? (uint16_t)known : made(g, behind, space);
    if (second == NOT_MADE) return NO_WAY;
    return remember(g, way_key(g, state, class), second << 16 | first) ? NO_WAY : second << 16 | first;
}

int states_are_many(const Group *g) {
    return g->state_count > MANY_STATES ||
           (size_t)g->state_count * sizeof(Reached) + g->reached_count * sizeof(uint16_t) +
                   (sizeof(uint64_t) << (32 - g->way_shift)) >
               MUCH_MEMORY;
}
