/* The states of a group, made as they turn up: which places of its phrases some match may have come to. */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

int states_forget(Group *g) {
    uint64_t *ways = calloc(FEW_WAYS, sizeof(uint64_t));
    uint16_t *table = malloc(FEW_SLOTS * sizeof(uint16_t));
    if (!ways || !table) {
        free(ways);
        free(table);
        return OUT_OF_MEMORY;
    }
    free(g->ways);
    free(g->table);
    g->ways = ways;
    g->table = table;
    g->table_mask = FEW_SLOTS - 1;
    g->way_shift = 32 - (uint32_t)__builtin_ctz(FEW_WAYS);
    g->way_count = g->reached_count = 0;
    g->state_count = 0;
    memset(g->table, 0xff, FEW_SLOTS * sizeof(uint16_t));
    memset(g->begun, 0xff, (size_t)g->classes * sizeof(uint16_t));
    memset(g->spaced, 0xff, (size_t)g->classes * sizeof(uint16_t));
    return state_of(g, NULL, 0, 0) != NOT_MADE ? 0 : OUT_OF_MEMORY;
}

/* Four places at a time: each waits for the one before. */
static uint32_t hash_of(const uint16_t *places, uint32_t count) {
    uint64_t hash = count, part;
    for (; count >= 4; count -= 4, places += 4) {
        memcpy(&part, places, sizeof part);
        hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    for (; count; count--) hash = (hash ^ *places++) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

/* The slot of a state in the table: its own, or the empty one where it belongs. */
static uint16_t *slot_of(const Group *g, const uint16_t *places, uint32_t count) {
    uint32_t slot = hash_of(places, count) & g->table_mask;
    for (; g->table[slot] != NOT_MADE; slot = (slot + 1) & g->table_mask) {
        const Reached *known = &g->states[g->table[slot]];
        if (known->count == count && !memcmp(g->reached + known->at, places, count * sizeof *places)) break;
    }
    return &g->table[slot];
}

/* Give the table twice the slots when half of them are taken: one with room for all is a wait for memory each time. */
static int widen(Group *g) {
    uint32_t size = g->table_mask + 1;
    if (2 * ((uint32_t)g->state_count + 1) <= size) return 0;
    uint16_t *table = malloc(2 * (size_t)size * sizeof(uint16_t));
    if (!table) return OUT_OF_MEMORY;
    memset(table, 0xff, 2 * (size_t)size * sizeof(uint16_t));
    free(g->table);
    g->table = table;
    g->table_mask = 2 * size - 1;
    for (int32_t i = 0; i < g->state_count; i++)
        *slot_of(g, g->reached + g->states[i].at, g->states[i].count) = (uint16_t)i;
    return 0;
}

uint16_t state_of(Group *g, const uint16_t *places, uint32_t count, uint32_t ends) {
    uint16_t *slot = slot_of(g, places, count);
    if (*slot != NOT_MADE) return *slot;
    if (g->state_count >= MAX_STATES || grow((void **)&g->states, &g->state_room, g->state_count + 1, sizeof(Reached)) ||
        widen(g))
        return NOT_MADE;
    uint16_t made = (uint16_t)g->state_count++;
    g->states[made] = (Reached){g->reached_count, (uint16_t)count, (uint16_t)ends};
    g->reached_count += count + ends; /* where they stand already */
    *slot_of(g, places, count) = made;
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

/* Make the state behind a symbol of a class where nothing was reached before it: of the places that are looked at, and some
   beside them, which nobody asks about. */
static uint16_t begun(Group *g, uint16_t class) {
    const uint64_t *holds = g->holds + (size_t)class * (size_t)g->width;
    uint16_t *places = g->reached + g->reached_count;
    uint32_t count = 0;
    for (int32_t i = g->from / 64; 64 * i < g->to; i++)
        for (uint64_t bits = g->firsts[i]; bits; bits &= bits - 1) {
            int32_t place = 64 * i + __builtin_ctzll(bits);
            if (has(holds, g->set_of[place])) places[count++] = (uint16_t)place;
        }
    return with_ends(g, count);
}

static inline void build(Group *g, uint32_t place) {
    g->building[place >> 6] |= 1ull << (place & 63);
    g->touched[place >> 12] |= 1ull << (place >> 6 & 63);
}

/* Write what was built as places in rising order, and empty it; returns how many these are. */
static uint32_t built(Group *g, uint16_t *places) {
    uint32_t count = 0;
    for (int32_t i = 0; i <= g->words / 64; i++) {
        for (uint64_t words = g->touched[i]; words; words &= words - 1) {
            uint32_t word = 64 * (uint32_t)i + (uint32_t)__builtin_ctzll(words);
            for (uint64_t bits = g->building[word]; bits; bits &= bits - 1)
                places[count++] = (uint16_t)(64 * word + (uint32_t)__builtin_ctzll(bits));
            g->building[word] = 0;
        }
        g->touched[i] = 0;
    }
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

/* Note the places that may follow some others and take a class; returns how many there are, some of them more than once. */
static uint32_t following(const Group *g, const uint16_t *from, uint32_t count, uint16_t class, uint16_t *hits) {
    const uint64_t *holds = g->holds + (size_t)class * (size_t)g->width;
    const uint32_t *follow_at = g->follow_at + !g->of_signs[class];
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = follow_at[2u * from[i]]; j < follow_at[2u * from[i] + 1]; j++) {
            hits[found] = (uint16_t)g->follow[j];
            found += (uint32_t)has(holds, (int32_t)(g->follow[j] >> 16)); /* no branch: nobody can guess it */
        }
    return found;
}

/* Return the state of the places of another one and some more; NOT_MADE without memory. Of these more, those that the other
   one has not stay in `more`, each once; how many these are goes to *count. */
static uint16_t grown(Group *g, uint16_t state, uint16_t *more, uint32_t *count) {
    if (!*count) return state;
    const Reached base = g->states[state & (ENDS - 1)];
    const uint16_t *places = g->reached + base.at;
    uint32_t fresh = 0;
    for (uint32_t i = 0; i < base.count; i++) build(g, places[i]);
    for (uint32_t i = 0; i < *count; i++) {
        uint16_t place = more[i];
        int is_fresh = !has(g->building, place);
        build(g, place);
        more[fresh] = place;
        fresh += (uint32_t)is_fresh;
    }
    *count = fresh;
    return with_ends(g, built(g, g->reached + g->reached_count));
}

/* Make the state behind a symbol of a class, from the one before it; NOT_MADE without memory. The places that are there only
   because something was reached before go to `g->hits`; how many these are goes to *hits. */
static uint16_t made(Group *g, uint16_t state, uint16_t class, uint32_t *hits) {
    *hits = 0;
    if (make_room(g)) return NOT_MADE;
    if (g->begun[class] == NOT_MADE) {
        g->begun[class] = begun(g, class);
        if (g->begun[class] == NOT_MADE || make_room(g)) return NOT_MADE;
    }
    if (!state) return g->begun[class];
    *hits = following(g, g->reached + g->states[state].at, g->states[state].count, class, g->hits);
    return grown(g, g->begun[class], g->hits, hits);
}

/* Return the state behind a space after one that was made behind a class, with so many hits; NOT_MADE without memory. What
   may follow what begins with the class was asked before. */
static uint16_t spaced(Group *g, uint16_t behind, uint16_t class, uint32_t hits, uint16_t space) {
    uint64_t known = *way_of(g, way_key(g, behind, space));
    uint16_t begun = g->begun[class] & (ENDS - 1);
    uint32_t more;
    if (known) return (uint16_t)known;
    if (!hits) return made(g, behind, space, &more);
    if (g->spaced[class] == NOT_MADE) {
        memcpy(g->late_hits, g->hits, hits * sizeof(uint16_t));
        g->spaced[class] = made(g, begun, space, &more);
        memcpy(g->hits, g->late_hits, hits * sizeof(uint16_t));
    }
    if (g->spaced[class] == NOT_MADE || make_room(g)) return NOT_MADE;
    more = following(g, g->hits, hits, space, g->late_hits);
    return grown(g, g->spaced[class], g->late_hits, &more);
}

uint32_t states_advance(Group *g, uint16_t state, uint16_t class, uint16_t space) {
    uint32_t hits, first = made(g, state, class, &hits);
    if (first == NOT_MADE) return NO_WAY;
    uint32_t second = spaced(g, first & (ENDS - 1), class, hits, space);
    if (second == NOT_MADE) return NO_WAY;
    return remember(g, way_key(g, state, class), second << 16 | first) ? NO_WAY : second << 16 | first;
}

int states_are_many(const Group *g) {
    return g->state_count > MANY_STATES ||
           (size_t)g->state_count * sizeof(Reached) + g->reached_count * sizeof(uint16_t) +
                   (sizeof(uint64_t) << (32 - g->way_shift)) >
               MUCH_MEMORY;
}
