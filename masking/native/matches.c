/* The matches of one phrase, given where they end: read back from there, and walked from where they begin. */
#include "groups.h"

#include <string.h>

typedef struct {
    Bank *bank;
    Group *g;
    const Phrase *phrase;
    int32_t offset; /* of its places */
    int32_t group;  /* of the bank */
    uint64_t marked[FEW_PLACES / 64]; /* places, if they are few; those of more are in `Group.marks` */
} Back;

/* The places of the phrase that were reached with a symbol, counted in the group; how many goes to *count. */
static const uint16_t *reached_at(const Back *b, int32_t at, uint32_t *count) {
    const Bank *bank = b->bank;
    const Reached *state =
        &b->g->states[bank->states[(size_t)bank->path[at] * (size_t)bank->count + (size_t)b->group]];
    const uint16_t *places = b->g->reached + state->at;
    uint32_t low = 0, left = state->count, first = (uint32_t)b->offset, behind = first + (uint32_t)b->phrase->count;
    while (left > FEW_REACHED) {
        uint32_t half = left / 2;
        low += places[low + half] < first ? half : 0; /* no branch: nobody can guess it */
        left -= half;
    }
    uint32_t before = 0, held = 0;
    for (uint32_t i = low; i < low + left; i++) before += places[i] < first;
    for (low += before; low + held < state->count && places[low + held] < behind;) held++;
    *count = held;
    return places + low;
}

/* Say whether one of the places that may follow a place is marked. */
static int leads_on(const Back *b, int32_t place) {
    const Phrase *phrase = b->phrase;
    if (phrase->next) {
        const uint64_t *next = phrase->next + (size_t)place * (size_t)phrase->words;
        uint64_t both = next[0] & b->marked[0];
        for (int32_t w = 1; w < phrase->words; w++) both |= next[w] & b->marked[w];
        return both != 0;
    }
    for (int32_t i = phrase->follow_at[place]; i < phrase->follow_at[place + 1]; i++)
        if (phrase->follow[i] != END && b->g->marks[phrase->follow[i]] == b->g->mark) return 1;
    return 0;
}

static void mark_none(Back *b) {
    memset(b->marked, 0, sizeof b->marked);
    b->g->mark++;
}

/* Mark the places that are alive at a symbol, and no others. */
static void mark_alive(Back *b, const Alive *alive) {
    const uint16_t *kept = b->bank->kept + alive->at;
    mark_none(b);
    if (b->phrase->next)
        for (uint32_t i = 0; i < alive->count; i++) b->marked[kept[i] / 64] |= 1ull << (kept[i] & 63);
    else
        for (uint32_t i = 0; i < alive->count; i++) b->g->marks[kept[i]] = b->g->mark;
}

static int is_marked(const Back *b, int32_t place) {
    return b->phrase->next ? (int)(b->marked[place / 64] >> (place & 63)) & 1 : b->g->marks[place] == b->g->mark;
}

/* Keep the places that are alive at a symbol: those reached that lead on to marked ones, or may be the last if it is an
   end. Says whether any of them may have others before it, and adds the symbol to `order` before *begins if a match may
   begin here. */
static int keep_alive(const Back *b, int32_t at, int is_end, int32_t *begins) {
    Bank *bank = b->bank;
    const Group *g = b->g;
    uint32_t count, kept = bank->kept_count;
    const uint16_t *reached = reached_at(b, at, &count);
    int begin = 0, inner = 0;
    if (grow((void **)&bank->kept, &bank->kept_room, (int32_t)(kept + count), sizeof(uint16_t))) return OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        int32_t place = reached[i] - b->offset;
        if (!(is_end && has(g->lasts, reached[i])) && !leads_on(b, place)) continue;
        bank->kept[kept++] = (uint16_t)place;
        begin |= has(g->firsts, reached[i]);
        inner |= has(g->inners, reached[i]);
    }
    if (begin) bank->order[--*begins] = at;
    bank->alive[at] = (Alive){bank->kept_count, kept - bank->kept_count};
    bank->kept_count = kept;
    return inner;
}

/* Read a phrase back from each symbol at which it may end, in rising order. Where its matches may begin goes to the end
   of `order`; returns from where on, or an error. */
static int32_t read_back(Back *b, const End *ends, int32_t count, int32_t size) {
    Bank *bank = b->bank;
    int32_t begins = size, known = size + 1; /* the first symbol of which it is known what is alive */
    bank->kept_count = 0;
    for (int32_t i = count - 1; i >= 0;) {
        int32_t at = ends[i].at, inner = 1;
        if (at + 1 < known) bank->alive[at + 1].count = 0;
        mark_none(b);
        for (; inner && at >= 0; known = at--) {
            int is_end = i >= 0 && ends[i].at == at;
            i -= is_end;
            inner = keep_alive(b, at, is_end, &begins);
            if (inner < 0) return inner;
            if (inner) mark_alive(b, &bank->alive[at]);
        }
    }
    return begins;
}

/* Walk one match that begins at a symbol; returns where it ends, and where its value stands. */
static int32_t walk(Back *b, int32_t at, int32_t size, int32_t *left, int32_t *right) {
    const Phrase *phrase = b->phrase;
    int32_t begin = at, place = END;
    const int32_t *way = phrase->first, *no_way = way + phrase->firsts;
    *left = -1;
    *right = at;
    for (;;) {
        if (at < size) mark_alive(b, &b->bank->alive[at]);
        else mark_none(b);
        while (way < no_way && *way != END && !is_marked(b, *way)) way++;
        if (way == no_way || *way == END) break; /* there is always a way; never run past the last one */
        place = *way;
        at++;
        if (phrase->valued[place]) {
            if (*left < 0) *left = at - 1;
            *right = at;
        }
        way = phrase->follow + phrase->follow_at[place];
        no_way = phrase->follow + phrase->follow_at[place + 1];
    }
    if (!phrase->has_value) {
        *left = begin;
        *right = at;
    }
    return at;
}

int bank_matches(Bank *bank, const End *ends, int32_t count, int32_t begin, int32_t size, Take take, void *taker) {
    int32_t group = ends->group - bank->number, p = ends->member, free_from = 0;
    Group *g = bank->groups[group];
    Back back = {bank, g, member(g, p), g->offset[p], group, {0}};
    if (g->mark > MANY_MARKS) {
        memset(g->marks, 0, ((size_t)g->places + 1) * sizeof(uint32_t));
        g->mark = 0;
    }
    int is_single = back.phrase->count == 1 && !(back.phrase->next[0] & 1); /* nor comes again behind itself */
    if (is_single && (!back.phrase->has_value || back.phrase->valued[0])) {
        for (int32_t e = 0, status; e < count; e++)
            if ((status = take(taker, g->members[p], begin + ends[e].at, begin + ends[e].at + 1))) return status;
        return 0;
    }
    int32_t i = read_back(&back, ends, count, size);
    if (i < 0) return i;
    for (; i < size; i++) {
        if (bank->order[i] < free_from) continue;
        int32_t left, right;
        free_from = walk(&back, bank->order[i], size, &left, &right);
        if (left < 0) continue; /* the value took no part */
        int status = take(taker, g->members[p], begin + left, begin + right);
        if (status) return status;
    }
    return 0;
}
