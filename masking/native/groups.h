/* What the parts of a group share: its automaton (`states.c`), the tape that is read (`groups.c`), and the matches of one
   phrase (`matches.c`). */
#ifndef PHIGATE_GROUPS_H
#define PHIGATE_GROUPS_H

#include "matcher.h"

/* A state is a number; ENDS is added where a phrase may end. */
enum { NOT_MADE = 0xffff, ENDS = 0x8000, MAX_STATES = 0x7fff, TABLE = 0x10000 };

/* States, and bytes of them, after which a group forgets all before it reads the next zone. A zone makes at most two for
   each of its symbols: 4608 (`segments.MAX_RUN + REACH`), some more where one character spells several. */
enum { MANY_STATES = MAX_STATES / 2, MUCH_MEMORY = 3 << 20 };

enum { FEW_WAYS = 256, SPREAD = 0x9e3779b1u, NO_WAY = 0xffffffffu };

enum { FEW_PLACES = 8, MANY_MARKS = 1 << 30 };

/* A state: of `Group.reached`, the places reached, in rising order, and then the phrases that may end here. */
typedef struct {
    uint32_t at;
    uint16_t count, ends;
} Reached;

/* Of `Group.kept`, the places that are alive at a symbol, counted in their phrase. */
typedef struct {
    uint32_t at, count;
} Alive;

struct Group {
    int32_t *members, count;         /* phrases of the matcher */
    int32_t *offset;                 /* of the places of each phrase */
    const Phrase *phrases;
    int32_t places, words, classes;  /* words of 64 bits in a set of places */
    uint64_t *takes;                 /* places that take each class */
    uint64_t *firsts, *lasts;        /* places that may be the first and the last ones */
    uint16_t *phrase_of;             /* each place */
    /* states, and the ways from one to another: the number of state and class plus one, the state behind a
       space after it, and the next one */
    Reached *states;
    uint16_t *reached, *table, *begun; /* `begun`: the state behind each class where nothing was reached before */
    uint64_t *ways;
    int32_t state_count, state_room;
    uint32_t reached_count, reached_room, way_count, way_shift;
    /* while a tape is read */
    uint64_t *building; /* empty between two calls */
    uint16_t *path; /* the state behind each symbol */
    int32_t *order; /* where matches begin */
    int32_t path_room, from, to; /* `from`..`to`: phrases that are looked for */
    uint16_t state;
    /* while a phrase is read back: the places that lead to an end, by symbol; those of one symbol are marked */
    Alive *alive;
    uint16_t *kept;
    uint32_t *marks, mark, kept_count;
    int32_t kept_room;
};

static inline const Phrase *member(const Group *g, int32_t p) { return &g->phrases[g->members[p]]; }

static inline int has(const uint64_t *set, int32_t place) { return (int)(set[place >> 6] >> (place & 63)) & 1; }

static inline void add(uint64_t *set, int32_t place) { set[place >> 6] |= 1ull << (place & 63); }

/* Forget all states. */
int states_forget(Group *g);
/* Bytes that states take, as far as forgetting them makes room for others. */
size_t states_bytes(const Group *g);
/* Return the state of some places, with the phrases that end there behind them, made if it is new; NOT_MADE without
   memory. */
uint16_t state_of(Group *g, const uint16_t *places, uint32_t count, uint32_t ends);
/* Return the states behind a symbol of a class, and behind a space after it (in the upper half); NO_WAY without memory.
   Half the symbols of a text are spaces behind words: what is known of both is looked up once. */
uint32_t states_advance(Group *g, uint16_t state, uint16_t class, uint16_t space);

/* The slot of a way: its own, or the empty one where it belongs. */
static inline uint64_t *way_of(const Group *g, uint32_t key) {
    uint32_t mask = (1u << (32 - g->way_shift)) - 1, slot = key * SPREAD >> g->way_shift;
    while (g->ways[slot] && (uint32_t)(g->ways[slot] >> 32) != key) slot = (slot + 1) & mask;
    return &g->ways[slot];
}

static inline uint32_t way_key(const Group *g, uint16_t state, uint16_t class) {
    return (uint32_t)state * (uint32_t)g->classes + class + 1;
}

#endif
