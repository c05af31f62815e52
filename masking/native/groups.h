/* What the parts of the search share: groups of phrases (`groups.c`) and the automaton of each (`states.c`), all groups
   read together (`bank.c`), and the matches of one phrase (`matches.c`). */
#ifndef PHIGATE_GROUPS_H
#define PHIGATE_GROUPS_H

#include "matcher.h"

/* A state is a number; ENDS is added where a phrase may end. */
enum { NOT_MADE = 0xffff, ENDS = 0x8000, MAX_STATES = 0x7fff };

/* States, and bytes of them, after which a group forgets all before it reads the next zone. A zone makes at most four for
   each of its symbols, and two of these for each class only once: 4608 symbols (`segments.MAX_RUN + REACH`), some more where
   one character spells several. */
enum { MANY_STATES = MAX_STATES / 8 * 3, MUCH_MEMORY = 3 << 20 };

enum { FEW_WAYS = 256, FEW_SLOTS = 256, SPREAD = 0x9e3779b1u, NO_WAY = 0xffffffffu };

enum { FEW_REACHED = 8 };

/* A state: of `Group.reached`, the places reached, in rising order, and then the phrases that may end here. */
typedef struct {
    uint32_t at;
    uint16_t count, ends;
} Reached;

struct Group {
    int32_t *members, count;         /* phrases of the matcher */
    int32_t *offset;                 /* of the places of each phrase */
    const Phrase *phrases;
    int32_t places, words, classes;  /* words of 64 bits in a set of places */
    int32_t from, to;                /* the places that are looked at */
    int32_t width;                   /* and in a set of the sets that places have */
    uint64_t *holds;                 /* those sets that hold each class */
    uint64_t *firsts, *lasts;        /* places that may be the first and the last ones */
    uint64_t *first_sets;            /* what the first ones have */
    uint16_t *phrase_of, *set_of;    /* each place */
    uint32_t *follow_at, *follow;    /* places that may come next, each with its set in the upper half: of each place
                                        first those that take signs, then those that take numbers and words */
    uint8_t *of_signs;               /* whether a class is one of signs */
    /* states, and the ways from one to another: the number of state and class plus one, the state behind a
       space after it, and the next one */
    Reached *states;
    uint16_t *reached, *table;
    uint16_t *begun, *spaced; /* the state behind each class where nothing was reached before, and behind a space after it */
    uint64_t *ways;
    int32_t state_count, state_room;
    uint32_t reached_count, reached_room, way_count, way_shift, table_mask;
    uint64_t *building, *touched; /* places, and which words of these bits are not 0: empty between two calls */
    uint16_t *hits, *late_hits; /* room for all places that may follow those of one state */
};

/* A joint state: what all groups of a bank have come to. `ends`: those of them in which a phrase may end there; of
   `Bank.ending` the phrases, which are noted when it is first come to. */
typedef struct {
    uint64_t ends;
    uint32_t hash, at, count;
} Joint;

/* A phrase that may end: its number among all, and where it is. */
typedef struct {
    int32_t phrase;
    uint16_t group, member;
} Ending;

/* The joint states behind a symbol, and behind a space after it, with ENDING where a phrase may end there; `key` is 0 where
   there is none. */
typedef struct {
    uint64_t key;
    uint32_t first, second;
} Step;

#define ENDING 0x80000000u

struct Bank {
    Group **groups;
    int32_t count, number;    /* groups, and the number of the first among all */
    const uint16_t *class_of; /* of each symbol in each group: class_of[symbol * stride + group] */
    int32_t stride, from, to; /* phrases from..to are looked for */
    uint64_t awake;           /* the groups that may wake */
    int few;                  /* these are so few that steps are not kept */
    const uint64_t *wakes;    /* the groups that each symbol may wake */
    Joint *joints;
    Ending *ending;
    int32_t ending_count, ending_room;
    uint16_t *states; /* of each joint state, that of each group */
    uint32_t *table, table_mask, joint_count;
    Step *steps, passing; /* the last one that is not kept */
    uint32_t step_count, step_mask;
    int32_t joint_room, state_room;
    uint32_t *path; /* the joint state behind each symbol of the zone that was read last */
    /* while a phrase is read back: where matches begin, and of each symbol the row of places that lead to an end */
    int32_t *order, path_room;
    uint32_t *row;
    uint64_t *alive;
    int32_t alive_room;
};

static inline const Phrase *member(const Group *g, int32_t p) { return &g->phrases[g->members[p]]; }

/* Forget all states but the one of no place, whose number is 0. */
int states_forget(Group *g);
/* Say whether a group has so many states that it should forget them before it reads another zone. */
int states_are_many(const Group *g);
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
