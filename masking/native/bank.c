/* A bank: groups of phrases, searched together. Where their matches end is found forwards, where they begin backwards.

   A zone is read once from its begin. Of each phrase the places that some match may have come to are all that has to be
   known of what was read, so these sets are the states of an automaton, made as they turn up and kept (R. Cox, "Regular
   expression matching in the wild", on lazy automata). Read this way phrases sleep through most text, because they begin
   with what is rarer than what they end with. One automaton over all phrases has too many states to make, those of
   groups are few; but where all groups have come to is mostly known from before, too: it is one *joint* state, and a
   step from one to the next is looked up once for all groups (measured: eight lookups a symbol, otherwise).

   Where a phrase may end it is read back, place by place of those that the states hold, as long as there are any. Where a
   first place of it is alive, a match begins; it is walked forwards: of the ways on, the preferred one whose place is
   alive. It always ends well, so nothing is read a third time (`matches.c`). */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

/* Joint states after which a bank forgets all before it reads the next zone: a test builds it with fewer. */
#ifndef MANY_JOINTS
#define MANY_JOINTS (1 << 16)
#endif
/* Steps for which the same goes, and slots at the beginning. */
enum { MANY_STEPS = 2 * MANY_JOINTS, FEW = 16 };

/* One in so many groups are few: where only they are looked at, as when a rule is held to its examples, the others do not
   wake, and no states are made for them, nor for other phrases of these groups. A step is one of all groups, so then none is
   kept. */
enum { SOME_OF = 4 };

static uint32_t hash_of(const uint16_t *states, int32_t count) {
    uint64_t hash = 0;
    for (int32_t i = 0; i < count; i++) hash = (hash ^ states[i]) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

static inline Step *step_of(const Bank *b, uint64_t key) {
    uint32_t slot = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & b->step_mask;
    while (b->steps[slot].key && b->steps[slot].key != key) slot = (slot + 1) & b->step_mask;
    return &b->steps[slot];
}

/* Never 0. */
static inline uint64_t key_of_step(uint32_t joint, Symbol symbol, int both) {
    return ((uint64_t)joint << 17 | (uint64_t)symbol << 1 | (uint64_t)both) + 1;
}

/* The slot of a joint state in the table: its own, or the empty one where it belongs. Slots hold numbers plus one. */
static uint32_t *slot_of(const Bank *b, const uint16_t *states, uint32_t hash) {
    size_t count = (size_t)b->count;
    uint32_t slot = hash & b->table_mask;
    for (; b->table[slot]; slot = (slot + 1) & b->table_mask) {
        uint32_t known = b->table[slot] - 1;
        if (b->joints[known].hash == hash && !memcmp(b->states + known * count, states, count * sizeof *states)) break;
    }
    return &b->table[slot];
}

/* Give the table twice the slots when half of them are taken. */
static int widen_table(Bank *b) {
    uint32_t size = b->table_mask + 1;
    if (2 * (b->joint_count + 1) <= size) return 0;
    uint32_t *old = b->table, *table = calloc(2 * (size_t)size, sizeof(uint32_t));
    if (!table) return OUT_OF_MEMORY;
    b->table = table;
    b->table_mask = 2 * size - 1;
    for (uint32_t i = 0; i < b->joint_count; i++)
        *slot_of(b, b->states + (size_t)i * (size_t)b->count, b->joints[i].hash) = i + 1;
    free(old);
    return 0;
}

/* The same for steps. */
static int widen_steps(Bank *b) {
    uint32_t size = b->step_mask + 1;
    if (2 * (b->step_count + 1) <= size) return 0;
    Step *old = b->steps, *steps = calloc(2 * (size_t)size, sizeof(Step));
    if (!steps) return OUT_OF_MEMORY;
    b->steps = steps;
    b->step_mask = 2 * size - 1;
    for (uint32_t i = 0; i < size; i++)
        if (old[i].key) *step_of(b, old[i].key) = old[i];
    free(old);
    return 0;
}

/* Put the joint state of some states to *joint, made if it is new, with ENDING if a phrase may end there. */
static int joint_of(Bank *b, const uint16_t *states, uint64_t ends, uint32_t *joint) {
    size_t count = (size_t)b->count;
    uint32_t hash = hash_of(states, b->count), *slot = slot_of(b, states, hash);
    if (!*slot) {
        if (widen_table(b) || grow((void **)&b->joints, &b->joint_room, (int32_t)b->joint_count + 1, sizeof(Joint)) ||
            grow((void **)&b->states, &b->state_room, (int32_t)b->joint_count + 1, count * sizeof(uint16_t)))
            return OUT_OF_MEMORY;
        memcpy(b->states + b->joint_count * count, states, count * sizeof(uint16_t));
        b->joints[b->joint_count] = (Joint){ends, hash, 0, 0};
        *(slot = slot_of(b, states, hash)) = ++b->joint_count;
    }
    *joint = (*slot - 1) | (ends ? ENDING : 0);
    return 0;
}

/* The groups that a symbol, and a space behind it, may wake. */
static inline uint64_t wakes_of(const Bank *b, Symbol symbol, int both) {
    return (b->wakes[symbol] | (both ? b->wakes[' '] : 0)) & b->awake;
}

/* Make the step from a joint state over a symbol, and over a space behind it; NULL without memory. */
static const Step *advance(Bank *b, uint32_t joint, Symbol symbol, int both) {
    uint16_t first[64] = {0}, second[64] = {0};
    uint64_t ends = 0, late_ends = 0, woken = wakes_of(b, symbol, both);
    const uint16_t *from = b->states + (size_t)joint * (size_t)b->count;
    const uint16_t *class = b->class_of + (size_t)symbol * (size_t)b->stride;
    const uint16_t *space = b->class_of + (size_t)' ' * (size_t)b->stride;
    for (int32_t i = 0; i < b->count; i++) {
        if (!from[i] && !(woken >> i & 1)) continue;
        Group *g = b->groups[i];
        uint64_t known = *way_of(g, way_key(g, from[i], class[i]));
        uint32_t way = (uint32_t)known;
        if (!known && (way = states_advance(g, from[i], class[i], space[i])) == NO_WAY) return NULL;
        first[i] = way & (ENDS - 1);
        second[i] = way >> 16 & (ENDS - 1);
        ends |= (uint64_t)((way & ENDS) != 0) << i;
        late_ends |= (uint64_t)(way >> 31) << i;
    }
    Step made = {key_of_step(joint, symbol, both), 0, 0};
    if (joint_of(b, first, ends, &made.first) || (both && joint_of(b, second, late_ends, &made.second))) return NULL;
    if (b->few) {
        b->passing = made;
        return &b->passing;
    }
    if (widen_steps(b)) return NULL;
    Step *slot = step_of(b, made.key);
    *slot = made;
    b->step_count++;
    return slot;
}

/* Forget joint states, and the states of groups that have many. A bank whose joint states are none is to forget again. */
static int forget(Bank *b) {
    b->joint_count = b->step_count = 0;
    b->ending_count = 0;
    for (int32_t i = 0; i < b->count; i++)
        if ((states_are_many(b->groups[i]) || !b->groups[i]->state_count) && states_forget(b->groups[i]))
            return OUT_OF_MEMORY;
    memset(b->table, 0, ((size_t)b->table_mask + 1) * sizeof(uint32_t));
    memset(b->steps, 0, ((size_t)b->step_mask + 1) * sizeof(Step));
    static const uint16_t nowhere[64];
    uint32_t none;
    return joint_of(b, nowhere, 0, &none);
}

static int prepare(Bank *b, int32_t size) {
    int many = !b->joint_count || b->joint_count > MANY_JOINTS || b->step_count > MANY_STEPS;
    for (int32_t i = 0; i < b->count && !many; i++) many = states_are_many(b->groups[i]);
    if (many && forget(b)) return OUT_OF_MEMORY;
    if (size <= b->path_room) return 0;
    int32_t room = size + 256;
    uint32_t *path = realloc(b->path, (size_t)room * sizeof(uint32_t));
    if (path) b->path = path;
    int32_t *order = realloc(b->order, (size_t)room * sizeof(int32_t));
    if (order) b->order = order;
    uint32_t *row = realloc(b->row, ((size_t)room + 1) * sizeof(uint32_t));
    if (row) b->row = row;
    if (!path || !order || !row) return OUT_OF_MEMORY;
    b->path_room = room;
    return 0;
}

/* Note which phrases may end in a joint state. */
static int note_ending(Bank *b, uint32_t joint) {
    b->joints[joint].at = (uint32_t)b->ending_count;
    for (uint64_t some = b->joints[joint].ends; some; some &= some - 1) {
        int32_t i = __builtin_ctzll(some), count = b->ending_count;
        const Group *g = b->groups[i];
        const Reached *state = &g->states[b->states[(size_t)joint * (size_t)b->count + (size_t)i]];
        const uint16_t *members = g->reached + state->at + state->count;
        if (grow((void **)&b->ending, &b->ending_room, count + state->ends, sizeof(Ending))) return OUT_OF_MEMORY;
        for (uint32_t e = 0; e < state->ends; e++)
            b->ending[count++] = (Ending){g->members[members[e]], (uint16_t)i, members[e]};
        b->ending_count = count;
    }
    b->joints[joint].count = (uint32_t)b->ending_count - b->joints[joint].at;
    return 0;
}

/* Add the phrases that are looked for and may end at a symbol. */
static int add_ends(Bank *b, Ends *ends, uint32_t joint, int32_t at) {
    if (!b->joints[joint].count && note_ending(b, joint)) return OUT_OF_MEMORY;
    const Joint here = b->joints[joint];
    if (grow((void **)&ends->all, &ends->room, ends->count + (int32_t)here.count, sizeof(End))) return OUT_OF_MEMORY;
    for (const Ending *one = b->ending + here.at; one < b->ending + here.at + here.count; one++)
        if (one->phrase >= b->from && one->phrase < b->to)
            ends->all[ends->count++] = (End){one->phrase, at, b->number + one->group, one->member};
    return 0;
}

int bank_read(Bank *b, const Symbol *tape, int32_t begin, int32_t end, Ends *ends) {
    int32_t size = end - begin;
    uint32_t joint = 0;
    if (prepare(b, size)) return OUT_OF_MEMORY;
    for (int32_t at = 0, both; at < size; at += 1 + both) {
        Symbol symbol = tape[begin + at];
        both = at + 1 < size && tape[begin + at + 1] == ' ';
        b->path[at] = b->path[at + both] = 0;
        if (!joint && !wakes_of(b, symbol, both)) continue;
        const Step *step = b->few ? NULL : step_of(b, key_of_step(joint, symbol, both));
        if ((!step || !step->key) && !(step = advance(b, joint, symbol, both))) return OUT_OF_MEMORY;
        uint32_t first = step->first, second = step->second;
        joint = b->path[at] = first & ~ENDING;
        if (first != joint && add_ends(b, ends, joint, at)) return OUT_OF_MEMORY;
        if (!both) continue;
        joint = b->path[at + 1] = second & ~ENDING;
        if (second != joint && add_ends(b, ends, joint, at + 1)) return OUT_OF_MEMORY;
    }
    return 0;
}

Bank *bank_new(Group **groups, int32_t count, int32_t number, const uint16_t *class_of, int32_t stride,
               const uint64_t *wakes) {
    Bank *b = calloc(1, sizeof(Bank));
    if (!b) return NULL;
    b->groups = groups;
    b->count = count;
    b->number = number;
    b->class_of = class_of;
    b->stride = stride;
    b->wakes = wakes;
    b->table_mask = b->step_mask = FEW - 1;
    b->table = malloc(FEW * sizeof(uint32_t));
    b->steps = malloc(FEW * sizeof(Step));
    if (b->table && b->steps) return b;
    bank_free(b);
    return NULL;
}

/* Let a group look at some of its places only; what it knew with others is not so. */
static void narrow(Bank *b, Group *g, int32_t from, int32_t to) {
    if (g->from == from && g->to == to) return;
    g->from = from;
    g->to = to;
    g->state_count = 0;
    b->joint_count = 0;
}

void bank_aim(Bank *b, int32_t from, int32_t to) {
    b->from = from;
    b->to = to;
    b->awake = 0;
    for (int32_t i = 0; i < b->count; i++) { /* their members are in rising order */
        const Group *g = b->groups[i];
        b->awake |= (uint64_t)(g->members[0] < to && g->members[g->count - 1] >= from) << i;
    }
    b->few = SOME_OF * __builtin_popcountll(b->awake) <= b->count;
    if (!b->few) b->awake = ~0ull;
    for (int32_t i = 0; i < b->count; i++) {
        Group *g = b->groups[i];
        int32_t first = 0, behind = g->count;
        if (b->few && !(b->awake >> i & 1)) continue;
        while (b->few && first < g->count && g->members[first] < from) first++;
        while (b->few && behind > first && g->members[behind - 1] >= to) behind--;
        narrow(b, g, first < g->count ? g->offset[first] : g->places, behind < g->count ? g->offset[behind] : g->places);
    }
}

size_t bank_bytes(const Bank *b) {
    size_t bytes = (size_t)b->joint_room * sizeof(Joint) + (size_t)b->state_room * (size_t)b->count * sizeof(uint16_t) +
                   ((size_t)b->table_mask + 1) * sizeof(uint32_t) + ((size_t)b->step_mask + 1) * sizeof(Step) +
                   (size_t)b->path_room * 3 * sizeof(uint32_t) +
                   (size_t)b->alive_room * sizeof(uint64_t) + (size_t)b->ending_room * sizeof(Ending);
    for (int32_t i = 0; i < b->count; i++) bytes += group_bytes(b->groups[i]);
    return bytes;
}

void bank_free(Bank *b) {
    if (!b) return;
    free(b->joints);
    free(b->ending);
    free(b->states);
    free(b->table);
    free(b->steps);
    free(b->path);
    free(b->order);
    free(b->row);
    free(b->alive);
    free(b);
}
