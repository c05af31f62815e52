/* Phrases: from the tokens of `masking/phrases.py` to places and what may follow each, in order of preference.

   A place takes one symbol. The order is that of Perl and RE2: of two ways on, the one that is written first, of a
   repetition once more before no more (the other way about if lazy). Whoever walks from place to place and takes the
   first way that still leads to an end finds the match that RE2 would have found. */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

enum { /* the tokens that are no sets */
    OPEN = -1,
    CLOSE = -2,
    OR = -3,
    MAYBE = -4,
    STAR = -5,
    PLUS = -6,
    VALUE = -7,
    END_VALUE = -8,
    REPEAT = -9, /* followed by least and most, -1 for no most */
    GAP = -10
};

enum { N_SET, N_SEQUENCE, N_CHOICE, N_REPEAT, N_VALUE };
enum { MAX_DEPTH = 100, MAX_REPEAT = 1000, MAX_STEPS = 4 * MAX_PLACES, MAX_FOLLOW = 4000000 };

typedef struct {
    int8_t kind, lazy;
    int32_t low, high, set, child, next;
} Node;

enum { I_SET, I_SPLIT, I_GOTO, I_DONE };

typedef struct {
    int8_t kind, valued;
    int32_t x, y; /* I_SET: its set, its place; I_SPLIT: preferred and other; I_GOTO: where to */
} Step;

typedef struct {
    const int32_t *tokens;
    size_t at, count;
    Node *nodes;
    int32_t used, room;
    Step *steps;
    int32_t emitted, places;
    int depth, valued, has_value, error;
} Compiler;

static int32_t fail(Compiler *c, int error) {
    if (!c->error) c->error = error;
    return -1;
}

static int32_t node(Compiler *c, int kind, int32_t child) {
    if (c->used == c->room) {
        int32_t room = c->room ? 2 * c->room : 64;
        Node *nodes = realloc(c->nodes, (size_t)room * sizeof(Node));
        if (!nodes) return fail(c, OUT_OF_MEMORY);
        c->nodes = nodes;
        c->room = room;
    }
    c->nodes[c->used] = (Node){.kind = (int8_t)kind, .child = child, .next = -1};
    return c->used++;
}

static int32_t set_node(Compiler *c, int32_t set) {
    int32_t made = node(c, N_SET, -1);
    if (made >= 0) c->nodes[made].set = set;
    return made;
}

static int32_t repeat(Compiler *c, int32_t child, int32_t low, int32_t high) {
    int32_t made = child < 0 ? -1 : node(c, N_REPEAT, child);
    if (made >= 0) {
        c->nodes[made].low = low;
        c->nodes[made].high = high;
    }
    return made;
}

static int32_t sequence(Compiler *c, int32_t first, int32_t second) {
    if (first < 0 || second < 0) return -1;
    c->nodes[first].next = second;
    return node(c, N_SEQUENCE, first);
}

/* `\n *` */
static int32_t line_gap(Compiler *c) {
    int32_t end = set_node(c, SET_LINE_END);
    return sequence(c, end, repeat(c, set_node(c, SET_SPACE), 0, -1));
}

/* ` +(\n *)?|\n *` */
static int32_t gap(Compiler *c) {
    int32_t spaces = repeat(c, set_node(c, SET_SPACE), 1, -1), ended = repeat(c, line_gap(c), 0, 1);
    int32_t spaced = sequence(c, spaces, ended), line = line_gap(c);
    if (spaced < 0 || line < 0) return -1;
    c->nodes[spaced].next = line;
    return node(c, N_CHOICE, spaced);
}

static int32_t choice(Compiler *c);

static int32_t atom(Compiler *c) {
    int32_t token = c->tokens[c->at++], inner;
    switch (token) {
    case OPEN:
    case VALUE:
        if (++c->depth > MAX_DEPTH) return fail(c, TOO_LARGE);
        if (token == VALUE && c->has_value++) return fail(c, BAD_SYNTAX);
        inner = choice(c);
        c->depth--;
        if (inner < 0) return -1;
        if (c->at == c->count || c->tokens[c->at] != (token == OPEN ? CLOSE : END_VALUE)) return fail(c, BAD_SYNTAX);
        c->at++;
        return token == OPEN ? inner : node(c, N_VALUE, inner);
    case GAP:
        return gap(c);
    default:
        return token >= 0 ? set_node(c, token) : fail(c, BAD_SYNTAX);
    }
}

static int32_t repeated(Compiler *c) {
    int32_t made = atom(c);
    while (made >= 0 && c->at < c->count) {
        int32_t token = c->tokens[c->at], low = token == PLUS, high = token == MAYBE ? 1 : -1;
        if (token == REPEAT) {
            if (c->count - c->at < 3) return fail(c, BAD_SYNTAX);
            low = c->tokens[c->at + 1];
            high = c->tokens[c->at + 2];
            c->at += 2;
            if (low < 0 || low > MAX_REPEAT || high > MAX_REPEAT || (high >= 0 && high < low))
                return fail(c, BAD_SYNTAX);
        } else if (token != MAYBE && token != STAR && token != PLUS) {
            break;
        }
        c->at++;
        made = repeat(c, made, low, high);
        if (made >= 0 && c->at < c->count && c->tokens[c->at] == MAYBE) {
            c->nodes[made].lazy = 1;
            c->at++;
        }
    }
    return made;
}

static int ends(const Compiler *c) {
    if (c->at == c->count) return 1;
    int32_t token = c->tokens[c->at];
    return token == CLOSE || token == END_VALUE || token == OR;
}

static int32_t choice(Compiler *c) {
    int32_t first = -1, last = -1;
    for (;;) {
        int32_t begun = -1, end = -1;
        while (!ends(c)) {
            int32_t part = repeated(c);
            if (part < 0) return -1;
            if (begun < 0) begun = part;
            else c->nodes[end].next = part;
            end = part;
        }
        int32_t made = node(c, N_SEQUENCE, begun);
        if (made < 0) return -1;
        if (first < 0) first = made;
        else c->nodes[last].next = made;
        last = made;
        if (c->at == c->count || c->tokens[c->at] != OR) break;
        c->at++;
    }
    return c->nodes[first].next < 0 ? first : node(c, N_CHOICE, first);
}

static int32_t step(Compiler *c, int kind, int32_t x, int32_t y) {
    if (c->emitted >= MAX_STEPS) return fail(c, TOO_LARGE);
    c->steps[c->emitted] = (Step){(int8_t)kind, (int8_t)c->valued, x, y};
    return c->emitted++;
}

/* Let a split go on where it stands, or to `other`; the preferred way is the first unless it is lazy. */
static void aim(Compiler *c, int32_t split, int32_t into, int32_t out, int lazy) {
    if (split < 0) return;
    c->steps[split].x = lazy ? out : into;
    c->steps[split].y = lazy ? into : out;
}

static void emit(Compiler *c, int32_t at);

static void emit_repeat(Compiler *c, const Node *n) {
    int32_t child = n->child, low = n->low, high = n->high;
    int lazy = n->lazy;
    if (high < 0) {
        for (int32_t i = 1; i < low && !c->error; i++) emit(c, child);
        if (low > 0) { /* once more from the begin, or on */
            int32_t begin = c->emitted;
            emit(c, child);
            int32_t split = step(c, I_SPLIT, 0, 0);
            aim(c, split, begin, c->emitted, lazy);
        } else {
            int32_t split = step(c, I_SPLIT, 0, 0);
            emit(c, child);
            step(c, I_GOTO, split, 0);
            aim(c, split, split + 1, c->emitted, lazy);
        }
        return;
    }
    for (int32_t i = 0; i < low && !c->error; i++) emit(c, child);
    int32_t begin = c->emitted;
    for (int32_t i = low; i < high && !c->error; i++) {
        step(c, I_SPLIT, -1, 0);
        emit(c, child);
    }
    /* the splits of this repetition are those that no inner one has aimed */
    for (int32_t i = begin; i < c->emitted && !c->error; i++)
        if (c->steps[i].kind == I_SPLIT && c->steps[i].x == -1) aim(c, i, i + 1, c->emitted, lazy);
}

static void emit(Compiler *c, int32_t at) {
    if (c->error) return;
    Node n = c->nodes[at];
    switch (n.kind) {
    case N_SET:
        step(c, I_SET, n.set, c->places++);
        return;
    case N_SEQUENCE:
        for (int32_t part = n.child; part >= 0; part = c->nodes[part].next) emit(c, part);
        return;
    case N_VALUE:
        c->valued = 1;
        emit(c, n.child);
        c->valued = 0;
        return;
    case N_REPEAT:
        emit_repeat(c, &n);
        return;
    default: { /* N_CHOICE */
        int32_t hop = -1; /* the hops to the end, each pointing to the one before */
        for (int32_t part = n.child; part >= 0 && !c->error; part = c->nodes[part].next) {
            if (c->nodes[part].next < 0) {
                emit(c, part);
                break;
            }
            int32_t split = step(c, I_SPLIT, 0, 0);
            emit(c, part);
            hop = step(c, I_GOTO, hop, 0);
            aim(c, split, split + 1, c->emitted, 0);
        }
        while (hop >= 0 && !c->error) {
            int32_t before = c->steps[hop].x;
            c->steps[hop].x = c->emitted;
            hop = before;
        }
    }
    }
}

/* Note as bits which places may be the first, the last, and have one before them, and those that may follow each one. */
static int note_bits(Phrase *phrase) {
    int32_t words = phrase->words = (phrase->count + 63) / 64;
    phrase->begins = calloc(3 * (size_t)words, sizeof(uint64_t));
    if (!phrase->begins) return OUT_OF_MEMORY;
    phrase->lasts = phrase->begins + words;
    phrase->inners = phrase->lasts + words;
    if (phrase->count <= FEW_PLACES) {
        phrase->next = calloc((size_t)phrase->count * (size_t)words + 1, sizeof(uint64_t));
        if (!phrase->next) return OUT_OF_MEMORY;
    }
    for (int32_t i = 0; i < phrase->firsts; i++) add(phrase->begins, phrase->first[i]);
    for (int32_t place = 0; place < phrase->count; place++)
        for (int32_t i = phrase->follow_at[place]; i < phrase->follow_at[place + 1]; i++) {
            int32_t next = phrase->follow[i];
            add(next == END ? phrase->lasts : phrase->inners, next == END ? place : next);
            if (next != END && phrase->next) add(phrase->next + place * words, next);
        }
    return 0;
}

/* Append the places that can come next from a step, the preferred first. */
static int follow(const Compiler *c, int32_t from, int32_t *seen, int32_t stamp, int32_t *stack, int32_t **out,
                  int32_t *used, int32_t *room) {
    int32_t depth = 0;
    stack[depth++] = from;
    while (depth) {
        int32_t at = stack[--depth];
        if (seen[at] == stamp) continue;
        seen[at] = stamp;
        const Step *s = &c->steps[at];
        if (s->kind == I_SPLIT) {
            stack[depth++] = s->y;
            stack[depth++] = s->x;
        } else if (s->kind == I_GOTO) {
            stack[depth++] = s->x;
        } else {
            if (*used == *room) {
                if (*room >= MAX_FOLLOW) return TOO_LARGE;
                *room = *room ? 2 * *room : 256;
                int32_t *grown = realloc(*out, (size_t)*room * sizeof(int32_t));
                if (!grown) return OUT_OF_MEMORY;
                *out = grown;
            }
            (*out)[(*used)++] = s->kind == I_DONE ? END : s->y;
        }
    }
    return 0;
}

static int link(Compiler *c, Phrase *phrase) {
    int32_t *seen = calloc((size_t)c->emitted, sizeof(int32_t));
    int32_t *stack = malloc((2 * (size_t)c->emitted + 2) * sizeof(int32_t));
    int32_t used = 0, room = 0, status = seen && stack ? 0 : OUT_OF_MEMORY;
    phrase->count = c->places;
    phrase->has_value = c->has_value;
    phrase->set = malloc(((size_t)c->places + 1) * sizeof(int32_t));
    phrase->valued = malloc((size_t)c->places + 1);
    phrase->follow_at = malloc(((size_t)c->places + 1) * sizeof(int32_t));
    if (!phrase->set || !phrase->valued || !phrase->follow_at) status = OUT_OF_MEMORY;
    for (int32_t at = 0; at < c->emitted && !status; at++) {
        const Step *s = &c->steps[at];
        if (s->kind != I_SET) continue; /* places are numbered as they are emitted */
        phrase->set[s->y] = s->x;
        phrase->valued[s->y] = (uint8_t)s->valued;
        phrase->follow_at[s->y] = used;
        status = follow(c, at + 1, seen, at + 1, stack, &phrase->follow, &used, &room);
    }
    if (!status) {
        phrase->follow_at[c->places] = used;
        int32_t before = used;
        status = follow(c, 0, seen, c->emitted + 1, stack, &phrase->follow, &used, &room);
        phrase->firsts = used - before;
        phrase->first = malloc(((size_t)phrase->firsts + 1) * sizeof(int32_t));
        if (!status && !phrase->first) status = OUT_OF_MEMORY;
        for (int32_t i = 0; i < phrase->firsts && !status; i++) {
            phrase->first[i] = phrase->follow[before + i];
            if (phrase->first[i] == END) status = MATCHES_EMPTY;
        }
        if (!status) status = note_bits(phrase);
    }
    free(seen);
    free(stack);
    return status;
}

int phrase_compile(Phrase *phrase, const int32_t *tokens, size_t count) {
    Compiler c = {.tokens = tokens, .count = count};
    memset(phrase, 0, sizeof *phrase);
    c.steps = malloc(MAX_STEPS * sizeof(Step));
    if (!c.steps) return OUT_OF_MEMORY;
    int32_t root = choice(&c);
    if (root >= 0 && c.at < c.count) fail(&c, BAD_SYNTAX);
    if (!c.error) {
        emit(&c, root);
        step(&c, I_DONE, 0, 0);
    }
    if (!c.error && c.places > MAX_PLACES) fail(&c, TOO_LARGE);
    if (!c.error) c.error = link(&c, phrase);
    free(c.nodes);
    free(c.steps);
    if (c.error) phrase_free(phrase);
    return c.error;
}

void phrase_free(Phrase *phrase) {
    free(phrase->set);
    free(phrase->valued);
    free(phrase->follow_at);
    free(phrase->follow);
    free(phrase->first);
    free(phrase->begins);
    free(phrase->next);
    memset(phrase, 0, sizeof *phrase);
}
