/* Codes: which of them kinds of words tell apart, and in what order (`masking/code_sets.py`). A row is a set of codes as bits. */
#include "matcher.h"

#include <stdlib.h>

/* Codes as they are ordered so far: those of one part stand side by side. */
typedef struct {
    int32_t *order, *place; /* codes, and where each stands */
    int32_t *part_of;       /* each code */
    int32_t *begin, *end;   /* each part */
    int32_t *moved;         /* how many codes of each part the row has, which stand at its end */
    int32_t *touched, parts;
} Parts;

/* Let a code stand at the end of its part, with those of the row. */
static void move(Parts *p, int32_t code, int32_t *touched) {
    int32_t part = p->part_of[code], moved = p->moved[part]++;
    int32_t from = p->place[code], to = p->end[part] - 1 - moved, other = p->order[to];
    if (!moved) p->touched[(*touched)++] = part;
    p->order[to] = code;
    p->place[code] = to;
    p->order[from] = other;
    p->place[other] = from;
}

/* Part the codes of one row from those that stood beside them. */
static void part_by(Parts *p, const uint64_t *row, int32_t width) {
    int32_t touched = 0;
    for (int32_t i = 0; i < width; i++)
        for (uint64_t some = row[i]; some; some &= some - 1) move(p, 64 * i + __builtin_ctzll(some), &touched);
    for (int32_t t = 0; t < touched; t++) {
        int32_t part = p->touched[t], moved = p->moved[part], made = p->parts;
        p->moved[part] = 0;
        if (moved == p->end[part] - p->begin[part]) continue;
        p->end[made] = p->end[part];
        p->begin[made] = p->end[part] -= moved;
        for (int32_t i = p->begin[made]; i < p->end[made]; i++) p->part_of[p->order[i]] = made;
        p->parts++;
    }
}

/* Rank codes as the bits do that stand in their columns of the rows, those of the first row highest: codes with the same
   ones alike. Rows have `size` bits in words of 64. Returns how many ranks there are, or an error. */
int32_t codes_rank(const uint64_t *rows, int32_t count, int32_t size, int32_t *ranks) {
    int32_t *memory = calloc(7 * ((size_t)size + 1), sizeof(int32_t)), width = (size + 63) / 64;
    if (!memory) return OUT_OF_MEMORY;
    int32_t room = size + 1, rank = -1;
    Parts p = {memory,            memory + room,     memory + 2 * room, memory + 3 * room,
               memory + 4 * room, memory + 5 * room, memory + 6 * room, 1};
    for (int32_t code = 0; code < size; code++) p.order[code] = p.place[code] = code;
    p.end[0] = size;
    for (int32_t row = 0; row < count; row++) part_by(&p, rows + (size_t)row * (size_t)width, width);
    for (int32_t i = 0; i < size; i++) {
        if (!i || p.part_of[p.order[i]] != p.part_of[p.order[i - 1]]) rank++;
        ranks[p.order[i]] = rank;
    }
    free(memory);
    return rank + 1;
}

/* Write rows with each code at its new place, which are `new_size` bits and empty. Codes that have one new place are in a
   row together or not at all, so of a row with most codes those are taken away that it has not. */
void codes_move(const uint64_t *rows, int32_t count, int32_t size, const int32_t *places, int32_t new_size,
                uint64_t *moved) {
    int32_t width = (size + 63) / 64, new_width = (new_size + 63) / 64;
    for (; count; count--, rows += width, moved += new_width) {
        int32_t held = 0;
        for (int32_t i = 0; i < width; i++) held += __builtin_popcountll(rows[i]);
        uint64_t most = 2 * held > size ? ~0ull : 0;
        for (int32_t i = 0; i < width; i++)
            for (uint64_t some = rows[i] ^ most; some; some &= some - 1) {
                int32_t code = 64 * i + __builtin_ctzll(some);
                if (code < size) add(moved, places[code]);
            }
        for (int32_t i = 0; most && i < new_width; i++) moved[i] = ~moved[i];
        if (most && new_size % 64) moved[new_width - 1] &= (1ull << new_size % 64) - 1;
    }
}
