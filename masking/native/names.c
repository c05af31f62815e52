/* Texts that are numbered in the order they turn up: the words of the table of places, and the keys of a document. The
   hash has a seed of the process, so that nobody can send keys that fall together. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

static uint64_t folded(uint64_t left, uint64_t right) {
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* So many bytes as a number, from none to eight of them; those of four and more may overlap. */
static uint64_t few(const char *text, uint32_t length) {
    uint32_t first, last;
    if (length >= 4) {
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
        return (uint64_t)first << 32 | last;
    }
    if (length == 0) return 0;
    const unsigned char *bytes = (const unsigned char *)text;
    return (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 | bytes[length - 1];
}

static uint64_t hash_of(uint64_t seed, const char *text, uint32_t length) {
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t hash = folded(seed ^ length, odd), part;
    for (; length > 8; text += 8, length -= 8) {
        memcpy(&part, text, 8);
        hash = folded(hash ^ part, seed | 1) ^ odd;
    }
    return folded(hash ^ few(text, length), seed | 1);
}

static int is_same(const char *left, const char *right, uint32_t length) {
    return length > 8 ? !memcmp(left, right, length) : few(left, length) == few(right, length);
}

void names_free(Names *names) {
    free(names->all);
    free(names->slots);
    free(names->pool);
}

static uint32_t *slot_of(const Names *names, const char *body, const char *text, uint32_t length) {
    uint32_t place = (uint32_t)hash_of(names->seed, text, length) & names->mask;
    while (names->slots[place]) {
        const Name *name = &names->all[names->slots[place] - 1];
        if (name->length == length && is_same(name_text(names, body, names->slots[place] - 1), text, length)) break;
        place = (place + 1) & names->mask;
    }
    return &names->slots[place];
}

uint32_t names_find(const Names *names, const char *body, const char *text, uint32_t length) {
    if (!names->slots) return NO_NAME;
    return *slot_of(names, body, text, length) - 1; /* an empty slot: NO_NAME */
}

static int widen(Names *names, const char *body) {
    uint32_t size = names->slots ? (names->mask + 1) * 2 : 64;
    uint32_t *slots = calloc(size, sizeof *slots), *old = names->slots;
    if (!slots) return 0;
    names->slots = slots;
    names->mask = size - 1;
    for (uint32_t number = 0; number < names->count; number++)
        *slot_of(names, body, name_text(names, body, number), names->all[number].length) = number + 1;
    free(old);
    return 1;
}

uint32_t names_add(Names *names, const char *body, const char *text, uint32_t length, int copied) {
    if ((!names->slots || names->count * 2 > names->mask) && !widen(names, body)) return NO_NAME;
    uint32_t *slot = slot_of(names, body, text, length);
    if (*slot) return *slot - 1;
    if (!has_room(&names->all, names->count, &names->room, sizeof *names->all)) return NO_NAME;
    Name name = {copied ? names->pooled : (uint32_t)(text - body), length, (uint32_t)copied};
    if (copied) {
        while (names->pool_room - names->pooled < length) /* rooms double: this ends */
            if (!has_room(&names->pool, names->pool_room, &names->pool_room, 1)) return NO_NAME;
        if (length) memcpy(names->pool + names->pooled, text, length);
        names->pooled += length;
    }
    names->all[names->count] = name;
    *slot = ++names->count;
    return names->count - 1;
}
