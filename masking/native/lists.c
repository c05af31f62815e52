/* Lists: which of them hold each word together (`masking/lexicon.py`), before words have codes. */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

/* Words that wait until memory has their slots. */
enum { AHEAD = 16 };

void lists_free(Lists *lists) {
    if (!lists) return;
    free(lists->pool);
    free(lists->slots);
    free(lists->unions);
    free(lists);
}

/* The slot of a word: its own, or the empty one where it belongs. */
static Slot *slot_of(const Lists *lists, const char *word, uint16_t length, uint64_t hash) {
    uint32_t place = (uint32_t)hash & lists->mask;
    for (; lists->slots[place].length; place = (place + 1) & lists->mask) {
        const Slot *slot = &lists->slots[place];
        if (slot->hash == hash && slot->length == length && !memcmp(lists->pool + slot->at, word, length)) break;
    }
    return &lists->slots[place];
}

/* Note that a list holds the word of a slot, too: once, however often it names the word. */
static int join(Lists *lists, Slot *slot, int32_t list) {
    int32_t before = slot->code;
    if (lists->unions[before].list == list) return 0;
    int32_t joined = lists->unions[before].next;
    if (lists->unions[joined].list != list) {
        joined = lists->union_count;
        if (joined > UINT16_MAX) return TOO_LARGE;
        if (grow((void **)&lists->unions, &lists->union_room, joined + 1, sizeof(Union))) return OUT_OF_MEMORY;
        lists->unions[lists->union_count++] = (Union){list, before, 0, 0, 0};
        lists->unions[before].next = joined;
    }
    lists->unions[before].words--;
    lists->unions[joined].words++;
    slot->code = (uint16_t)joined;
    return 0;
}

/* Note that a list holds a word that waits, if one does; it waits no longer. */
static int take_word(Lists *lists, Slot *word, int32_t list) {
    if (!word->length) return 0;
    Slot *slot = slot_of(lists, lists->pool + word->at, word->length, word->hash);
    if (!slot->length) *slot = *word;
    word->length = 0;
    return join(lists, slot, list);
}

/* Note which lists hold single letters together. */
static void note_letters(Lists *lists) {
    for (uint32_t i = 0; i <= lists->mask; i++) {
        const Slot *slot = &lists->slots[i];
        if (slot->length && is_single(lists->pool + slot->at, slot->length)) lists->unions[slot->code].has_letters = 1;
    }
}

static int read_lists(Lists *lists, const char *lines, const uint32_t *ends, int32_t count) {
    uint32_t size = count ? ends[count - 1] : 0, words = 0, room = 16;
    for (uint32_t i = 0; i < size; i++) words += lines[i] == '\n';
    while (room < words + words / 4) room *= 2; /* most words are in several lists */
    lists->mask = room - 1;
    lists->slots = calloc(room, sizeof(Slot));
    lists->pool = malloc(size + 1u);
    if (!lists->slots || !lists->pool || grow((void **)&lists->unions, &lists->union_room, 1, sizeof(Union)))
        return OUT_OF_MEMORY;
    memcpy(lists->pool, lines, size);
    lists->unions[lists->union_count++] = (Union){-1, 0, 0, 0, 0};
    Slot waiting[AHEAD] = {{0}};
    uint32_t at = 0, read = 0;
    int status = 0;
    for (int32_t list = 0; list < count; list++) {
        for (uint32_t length; at < ends[list] && !status; at += length + 1) {
            const char *end = memchr(lines + at, '\n', size - at);
            length = end ? (uint32_t)(end - (lines + at)) : size - at;
            if (!length || length > UINT16_MAX) continue;
            uint64_t hash = word_hash(lines + at, length);
            __builtin_prefetch(&lists->slots[(uint32_t)hash & lists->mask]);
            Slot *next = &waiting[read++ % AHEAD];
            status = take_word(lists, next, list);
            *next = (Slot){hash, at, (uint16_t)length, 0};
        }
        for (uint32_t i = 0; i < AHEAD && !status; i++) status = take_word(lists, &waiting[read++ % AHEAD], list);
    }
    if (!status) note_letters(lists);
    return status;
}

/* Make lists from their words, which come as lines, one list behind the other, and where each list ends; NULL with
   `*error`. */
Lists *lists_new(const char *lines, const uint32_t *ends, int32_t count, int32_t *error) {
    Lists *lists = calloc(1, sizeof(Lists));
    *error = lists ? read_lists(lists, lines, ends, count) : OUT_OF_MEMORY;
    if (!*error) return lists;
    lists_free(lists);
    return NULL;
}

/* Say where the unions stand, and how many there are. */
int32_t lists_unions(const Lists *lists, const Union **unions) {
    *unions = lists->unions;
    return lists->union_count;
}
