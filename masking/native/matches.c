/* The matches of one phrase, given where they end: read back from there, and walked from where they begin. */
#include "groups.h"

#include <string.h>

typedef struct {
    Bank *bank;
    const Phrase *phrase;
    const uint32_t *path;    /* the joint state behind each symbol, */
    const uint16_t *states;  /* and the state of the phrase's group in each of these, `stride` apart */
    const Reached *reached;  /* what these states are */
    const uint16_t *places;
    size_t stride;
    uint32_t first, behind; /* places of the phrase */
} Back;

/* The places of the phrase that were reached with a symbol, counted in the group; how many goes to *count. */
static const uint16_t *reached_at(const Back *b, int32_t at, uint32_t *count) {
    const Reached state = b->reached[b->states[b->path[at] * b->stride]];
    const uint16_t *places = b->places + state.at, *end = places + state.count;
    uint32_t left = state.count;
    while (left > FEW_REACHED) {
        uint32_t half = left / 2;
        places += places[half] < b->first ? half : 0; /* no branch: nobody can guess it */
        left -= half;
    }
    uint32_t before = 0, held = 0;
    for (uint32_t i = 0; i < left; i++) before += places[i] < b->first;
    for (places += before; places + held < end && places[held] < b->behind;) held++;
    *count = held;
    return places;
}

static uint64_t *row_at(const Back *b, int32_t at) {
    return b->bank->alive + (size_t)b->bank->row[at] * (size_t)b->phrase->words;
}

static int share(const uint64_t *one, const uint64_t *other, int32_t words) {
    uint64_t both = one[0] & other[0];
    for (int32_t w = 1; w < words; w++) both |= one[w] & other[w];
    return both != 0;
}

/* Say whether one of the places that may follow a place is among some. */
static int leads_on(const Phrase *phrase, int32_t place, const uint64_t *some) {
    if (phrase->next) return share(phrase->next + (size_t)place * (size_t)phrase->words, some, phrase->words);
    for (int32_t i = phrase->follow_at[place]; i < phrase->follow_at[place + 1]; i++)
        if (phrase->follow[i] != END && has(some, phrase->follow[i])) return 1;
    return 0;
}

/* Note at a symbol the places that are alive: of those reached the ones that lead on to some, or may be the last if it is
   an end. */
static void keep_alive(const Back *b, int32_t at, int is_end, const uint64_t *some, uint64_t *alive) {
    const Phrase *phrase = b->phrase;
    uint32_t count;
    const uint16_t *reached = reached_at(b, at, &count);
    for (uint32_t i = 0; i < count; i++) {
        int32_t place = (int32_t)(reached[i] - b->first);
        if ((is_end && has(phrase->lasts, place)) || leads_on(phrase, place, some)) add(alive, place);
    }
}

/* Make an empty row of places, the next one, that of a symbol. */
static int new_row(const Back *b, int32_t at, uint32_t row) {
    Bank *bank = b->bank;
    int32_t words = b->phrase->words;
    if (grow((void **)&bank->alive, &bank->alive_room, (int32_t)(row + 1) * words, sizeof(uint64_t))) return OUT_OF_MEMORY;
    memset(bank->alive + (size_t)row * (size_t)words, 0, (size_t)words * sizeof(uint64_t));
    bank->row[at] = row;
    return 0;
}

/* Read a phrase back from each symbol at which it may end, in rising order. Where its matches may begin goes to the end
   of `order`; returns from where on, or an error. */
static int32_t read_back(Back *b, const End *ends, int32_t count, int32_t size) {
    Bank *bank = b->bank;
    const Phrase *phrase = b->phrase;
    int32_t begins = size, known = size + 1; /* the first symbol of which it is known what is alive */
    uint32_t rows = 0;
    for (int32_t i = count - 1; i >= 0;) {
        int32_t at = ends[i].at, inner = 1;
        if (at + 1 < known && new_row(b, at + 1, rows++)) return OUT_OF_MEMORY;
        for (; inner && at >= 0; known = at--) {
            int is_end = i >= 0 && ends[i].at == at;
            i -= is_end;
            if (new_row(b, at, rows++)) return OUT_OF_MEMORY;
            uint64_t *alive = row_at(b, at);
            keep_alive(b, at, is_end, row_at(b, at + 1), alive);
            inner = share(alive, phrase->inners, phrase->words);
            if (share(alive, phrase->begins, phrase->words)) bank->order[--begins] = at;
        }
    }
    return begins;
}

/* Walk one match that begins at a symbol; returns where it ends, and where its value stands. */
static int32_t walk(const Back *b, int32_t at, int32_t *left, int32_t *right) {
    const Phrase *phrase = b->phrase;
    int32_t begin = at, place = END;
    const int32_t *way = phrase->first, *no_way = way + phrase->firsts;
    *left = -1;
    *right = at;
    for (;;) {
        const uint64_t *alive = row_at(b, at);
        while (way < no_way && *way != END && !has(alive, *way)) way++;
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
    const Group *g = bank->groups[group];
    const Phrase *phrase = member(g, p);
    uint32_t first = (uint32_t)g->offset[p];
    Back back = {.bank = bank,
                 .phrase = phrase,
                 .path = bank->path,
                 .states = bank->states + group,
                 .reached = g->states,
                 .places = g->reached,
                 .stride = (size_t)bank->count,
                 .first = first,
                 .behind = first + (uint32_t)phrase->count};
    int is_single = phrase->count == 1 && !(phrase->next[0] & 1); /* nor comes again behind itself */
    if (is_single && (!phrase->has_value || phrase->valued[0])) {
        for (int32_t e = 0, status; e < count; e++)
            if ((status = take(taker, g->members[p], begin + ends[e].at, begin + ends[e].at + 1))) return status;
        return 0;
    }
    int32_t i = read_back(&back, ends, count, size);
    if (i < 0) return i;
    for (; i < size; i++) {
        if (bank->order[i] < free_from) continue;
        int32_t left, right;
        free_from = walk(&back, bank->order[i], &left, &right);
        if (left < 0) continue; /* the value took no part */
        int status = take(taker, g->members[p], begin + left, begin + right);
        if (status) return status;
    }
    return 0;
}
