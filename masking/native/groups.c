/* Groups of phrases, searched together: where their matches end is found forwards, where they begin backwards.

   A zone is read once from its begin. Of each phrase the places that some match may have come to are all that has to be
   known of what was read, so these sets are the states of an automaton, made as they turn up and kept (R. Cox, "Regular
   expression matching in the wild", on lazy automata). Read this way phrases sleep through most text, because they begin
   with what is rarer than what they end with. Where a phrase may end it is read back, place by place of those that the
   states hold, as long as there are any. Where a first place of it is alive, a match begins; it is walked forwards: of
   the ways on, the preferred one whose place is alive. It always ends well, so nothing is read a third time. */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const uint64_t *set, int32_t words) {
    uint64_t hash = 0;
    for (int32_t i = 0; i < words; i++) {
        hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

/* Give symbols that no set of the group tells apart one class. */
static int classify(Group *g, const uint8_t *sets, size_t set_bytes, uint32_t symbols, uint16_t *class_of,
                    int32_t stride) {
    int32_t used = 0, total = 0, status = 0;
    for (int32_t p = 0; p < g->count; p++) total += member(g, p)->count;
    int32_t *mine = malloc(((size_t)total + 1) * sizeof(int32_t)), *place_set = malloc(((size_t)total + 1) * sizeof(int32_t));
    uint64_t *marks = NULL;
    uint16_t *slots = NULL;
    uint32_t *example = malloc(symbols * sizeof(uint32_t));
    if (!mine || !place_set || !example) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    for (int32_t p = 0, place = 0; p < g->count; p++) {
        const Phrase *phrase = member(g, p);
        for (int32_t q = 0; q < phrase->count; q++, place++) {
            int32_t set = phrase->set[q], known = 0;
            while (known < used && mine[known] != set) known++;
            if (known == used) mine[used++] = set;
            place_set[place] = known;
        }
    }
    int32_t width = (used + 63) / 64;
    uint32_t slot_mask = 1;
    while (slot_mask < 2 * symbols) slot_mask *= 2;
    slot_mask--;
    marks = calloc((size_t)symbols * (size_t)width, sizeof(uint64_t));
    slots = malloc((slot_mask + 1u) * sizeof(uint16_t));
    if (!marks || !slots) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    memset(slots, 0xff, (slot_mask + 1u) * sizeof(uint16_t));
    for (int32_t s = 0; s < used; s++) {
        const uint8_t *members = sets + (size_t)mine[s] * set_bytes;
        for (uint32_t byte = 0; byte < set_bytes; byte++)
            for (uint32_t bits = members[byte]; bits; bits &= bits - 1) {
                uint32_t symbol = 8 * byte + (uint32_t)__builtin_ctz(bits);
                if (symbol < symbols) add(marks + (size_t)symbol * (size_t)width, s);
            }
    }
    for (uint32_t symbol = 0; symbol < symbols; symbol++) {
        const uint64_t *mark = marks + (size_t)symbol * (size_t)width;
        uint32_t slot = (uint32_t)hash_of(mark, width) & slot_mask;
        while (slots[slot] != 0xffff &&
               memcmp(marks + (size_t)example[slots[slot]] * (size_t)width, mark, (size_t)width * 8) != 0)
            slot = (slot + 1) & slot_mask;
        if (slots[slot] == 0xffff) {
            slots[slot] = (uint16_t)g->classes;
            example[g->classes++] = symbol;
        }
        class_of[(size_t)symbol * (size_t)stride] = slots[slot];
    }
    g->takes = calloc((size_t)g->classes * (size_t)g->words, sizeof(uint64_t));
    if (!g->takes) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    for (int32_t class = 0; class < g->classes; class++) {
        const uint64_t *mark = marks + (size_t)example[class] * (size_t)width;
        uint64_t *takes = g->takes + (size_t)class * (size_t)g->words;
        for (int32_t place = 0; place < total; place++)
            if (has(mark, place_set[place])) add(takes, place);
    }
done:
    free(mine);
    free(place_set);
    free(example);
    free(marks);
    free(slots);
    return status;
}

/* Note of each place whose it is, and whether it may be the first or the last one. */
static int mark(Group *g) {
    g->firsts = calloc((size_t)g->words + 1, sizeof(uint64_t));
    g->lasts = calloc((size_t)g->words + 1, sizeof(uint64_t));
    g->phrase_of = malloc(((size_t)g->places + 1) * sizeof(uint16_t));
    if (!g->firsts || !g->lasts || !g->phrase_of) return OUT_OF_MEMORY;
    for (int32_t p = 0; p < g->count; p++) {
        const Phrase *phrase = member(g, p);
        int32_t offset = g->offset[p];
        for (int32_t i = 0; i < phrase->firsts; i++) add(g->firsts, offset + phrase->first[i]);
        for (int32_t q = 0; q < phrase->count; q++) {
            g->phrase_of[offset + q] = (uint16_t)p;
            for (int32_t i = phrase->follow_at[q]; i < phrase->follow_at[q + 1]; i++)
                if (phrase->follow[i] == END) add(g->lasts, offset + q);
        }
    }
    return 0;
}

int group_aim(Group *g, int32_t from, int32_t to) {
    g->from = from;
    g->to = to;
    for (int32_t p = 0; p < g->count; p++)
        if (g->members[p] >= from && g->members[p] < to) return 1;
    return 0;
}

int group_wakes(const Group *g, uint16_t class) {
    const uint64_t *takes = g->takes + (size_t)class * (size_t)g->words;
    for (int32_t i = 0; i < g->words; i++)
        if (g->firsts[i] & takes[i]) return 1;
    return 0;
}

static int prepare(Group *g, int32_t size) {
    if ((g->state_count > MANY_STATES || states_bytes(g) > MUCH_MEMORY) && states_forget(g)) return OUT_OF_MEMORY;
    if (size > g->path_room) {
        int32_t room = size + 256;
        uint16_t *path = realloc(g->path, (size_t)room * sizeof(uint16_t));
        if (path) g->path = path;
        int32_t *order = realloc(g->order, (size_t)room * sizeof(int32_t));
        if (order) g->order = order;
        Alive *alive = realloc(g->alive, ((size_t)room + 1) * sizeof(Alive));
        if (alive) g->alive = alive;
        if (!path || !order || !alive) return OUT_OF_MEMORY;
        g->path_room = room;
    }
    memset(g->path, 0, (size_t)size * sizeof(uint16_t));
    g->state = 0;
    return g->state_count || state_of(g, NULL, 0, 0) != NOT_MADE ? 0 : OUT_OF_MEMORY;
}

/* Note the phrases that are looked for and may end at a symbol. */
static int note_ends(Ends *ends, const Group *g, int32_t number, int32_t at) {
    const Reached *state = &g->states[g->path[at]];
    const uint16_t *members = g->reached + state->at + state->count;
    if (grow((void **)&ends->all, &ends->room, ends->count + state->ends, sizeof(End))) return OUT_OF_MEMORY;
    for (uint32_t i = 0; i < state->ends; i++) {
        int32_t phrase = g->members[members[i]];
        if (phrase >= g->from && phrase < g->to) ends->all[ends->count++] = (End){phrase, at, number, members[i]};
    }
    return 0;
}

int groups_read(Group **groups, uint64_t aimed, const uint64_t *wakes, const uint16_t *class_of, int32_t stride,
                const Symbol *tape, int32_t begin, int32_t end, int32_t number, Ends *ends) {
    int32_t size = end - begin;
    uint64_t awake = 0;
    for (uint64_t all = aimed; all; all &= all - 1)
        if (prepare(groups[__builtin_ctzll(all)], size)) return OUT_OF_MEMORY;
    /* Symbol by symbol and not group by group: what one group waits for in memory, the others need not. */
    const uint16_t *spaces = class_of + (size_t)' ' * (size_t)stride;
    for (int32_t at = 0, both; at < size; at += 1 + both) {
        Symbol symbol = tape[begin + at];
        const uint16_t *class = class_of + (size_t)symbol * (size_t)stride;
        both = at + 1 < size && tape[begin + at + 1] == ' ';
        for (uint64_t all = awake | ((wakes[symbol] | (both ? wakes[' '] : 0)) & aimed); all; all &= all - 1) {
            int32_t i = __builtin_ctzll(all);
            Group *g = groups[i];
            uint64_t known = *way_of(g, way_key(g, g->state, class[i]));
            uint32_t way = (uint32_t)known;
            if (!known && (way = states_advance(g, g->state, class[i], spaces[i])) == NO_WAY) return OUT_OF_MEMORY;
            g->state = g->path[at] = way & (ENDS - 1);
            if (way & ENDS && note_ends(ends, g, number + i, at)) return OUT_OF_MEMORY;
            if (both) {
                way >>= 16;
                g->state = g->path[at + 1] = way & (ENDS - 1);
                if (way & ENDS && note_ends(ends, g, number + i, at + 1)) return OUT_OF_MEMORY;
            }
            awake = g->state ? awake | 1ull << i : awake & ~(1ull << i);
        }
    }
    return 0;
}

Group *group_new(const Phrase *phrases, const int32_t *members, int32_t count, const uint8_t *sets, size_t set_bytes,
                 uint32_t symbols, uint16_t *class_of, int32_t stride) {
    Group *g = calloc(1, sizeof(Group));
    if (!g) return NULL;
    g->phrases = phrases;
    g->count = count;
    g->members = malloc((size_t)count * sizeof(int32_t));
    g->offset = malloc((size_t)count * sizeof(int32_t));
    if (!g->members || !g->offset) {
        group_free(g);
        return NULL;
    }
    for (int32_t p = 0; p < count; p++) {
        g->members[p] = members[p];
        g->offset[p] = g->places;
        g->places += phrases[members[p]].count;
    }
    g->words = (g->places + 63) / 64;
    g->building = malloc(((size_t)g->words + 1) * 8);
    g->table = malloc(TABLE * sizeof(uint16_t));
    g->marks = calloc((size_t)g->places + 1, sizeof(uint32_t));
    if (!g->building || !g->table || !g->marks || mark(g) ||
        classify(g, sets, set_bytes, symbols, class_of, stride) || states_forget(g)) {
        group_free(g);
        return NULL;
    }
    return g;
}

size_t group_bytes(const Group *g) {
    return (size_t)g->state_room * sizeof(Reached) + g->reached_room * sizeof(uint16_t) +
           (sizeof(uint64_t) << (32 - g->way_shift)) + (size_t)g->classes * (size_t)g->words * 8 +
           (size_t)g->path_room * (6 + sizeof(Alive)) + (size_t)g->kept_room * 2 + (size_t)g->places * 4;
}

void group_free(Group *g) {
    if (!g) return;
    free(g->members);
    free(g->offset);
    free(g->takes);
    free(g->firsts);
    free(g->lasts);
    free(g->phrase_of);
    free(g->states);
    free(g->reached);
    free(g->ways);
    free(g->table);
    free(g->building);
    free(g->path);
    free(g->order);
    free(g->alive);
    free(g->kept);
    free(g->marks);
    free(g);
}
