/* Known values, by their keys (`masking/memory.py`). */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits. Two values with one key are masked alike: that is all a collision does. */
uint64_t key_begin(void) { return 0xcbf29ce484222325u; }

/* Go on with the key of a text; capitals of ASCII count as small letters. */
uint64_t key_of(uint64_t key, const char *text, int32_t length) {
    for (int32_t i = 0; i < length; i++) {
        uint8_t c = (uint8_t)text[i];
        key = (key ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 0x100000001b3u;
    }
    return key;
}

Known *known_new(uint32_t most) {
    Known *known = calloc(1, sizeof(Known));
    if (known) known->most = most;
    return known;
}

void known_free(Known *known) {
    if (!known) return;
    free(known->keys);
    free(known->identifiers);
    free(known->table);
    free(known);
}

Known *known_copy(const Known *known) {
    Known *twin = known_new(known->most);
    if (!twin || !known->size) return twin;
    *twin = *known;
    size_t slots = known->table_mask + 1u;
    twin->keys = malloc(known->size * sizeof(uint64_t));
    twin->identifiers = malloc(known->size * sizeof(int16_t));
    twin->table = malloc(slots * sizeof(uint32_t));
    if (!twin->keys || !twin->identifiers || !twin->table) {
        known_free(twin);
        return NULL;
    }
    memcpy(twin->keys, known->keys, known->size * sizeof(uint64_t));
    memcpy(twin->identifiers, known->identifiers, known->size * sizeof(int16_t));
    memcpy(twin->table, known->table, slots * sizeof(uint32_t));
    return twin;
}

static uint32_t home(const Known *known, uint64_t key) { return (uint32_t)(key ^ key >> 32) & known->table_mask; }

/* The slot of a key, or the empty one where it belongs. */
static uint32_t slot_of(const Known *known, uint64_t key) {
    uint32_t slot = home(known, key);
    while (known->table[slot] && known->keys[known->table[slot] - 1] != key) slot = (slot + 1) & known->table_mask;
    return slot;
}

static uint32_t bit_of(uint64_t key) { return (uint32_t)(key >> 32 ^ key) & ((1u << KNOWN_BITS) - 1); }

int known_find(const Known *known, uint64_t key) {
    uint32_t bit = bit_of(key);
    if (!(known->bits[bit / 8] >> bit % 8 & 1)) return -1;
    uint32_t place = known->table[slot_of(known, key)];
    return place ? known->identifiers[place - 1] : -1;
}

int32_t known_count(const Known *known) { return (int32_t)known->count; }

void known_list(const Known *known, uint64_t *keys, int16_t *identifiers) {
    for (uint32_t i = 0; i < known->count; i++) {
        uint32_t place = (known->first + i) % known->size;
        keys[i] = known->keys[place];
        identifiers[i] = known->identifiers[place];
    }
}

/* Take the oldest key out, and move up those behind it that would not be found over the hole. */
static void drop_oldest(Known *known) {
    uint32_t hole = slot_of(known, known->keys[known->first]);
    for (uint32_t slot = (hole + 1) & known->table_mask; known->table[slot]; slot = (slot + 1) & known->table_mask) {
        uint32_t wanted = home(known, known->keys[known->table[slot] - 1]);
        if (((slot - wanted) & known->table_mask) >= ((slot - hole) & known->table_mask)) {
            known->table[hole] = known->table[slot];
            hole = slot;
        }
    }
    known->table[hole] = 0;
    known->first = (known->first + 1) % known->size;
    known->count--;
}

static int widen(Known *known) {
    uint32_t size = known->size ? 2 * known->size : 16;
    if (size > known->most) size = known->most;
    uint32_t slots = 4;
    while (slots < 2 * size + 1) slots *= 2;
    uint64_t *keys = malloc(size * sizeof(uint64_t));
    int16_t *identifiers = malloc(size * sizeof(int16_t));
    uint32_t *table = calloc(slots, sizeof(uint32_t));
    if (!keys || !identifiers || !table) {
        free(keys);
        free(identifiers);
        free(table);
        return OUT_OF_MEMORY;
    }
    known_list(known, keys, identifiers);
    free(known->keys);
    free(known->identifiers);
    free(known->table);
    known->keys = keys;
    known->identifiers = identifiers;
    known->table = table;
    known->table_mask = slots - 1;
    known->size = size;
    known->first = 0;
    for (uint32_t i = 0; i < known->count; i++) known->table[slot_of(known, keys[i])] = i + 1;
    return 0;
}

int known_add(Known *known, uint64_t key, int16_t identifier) {
    if (known_find(known, key) >= 0) return 0;
    if (known->count == known->most) drop_oldest(known);
    else if (known->count == known->size && widen(known)) return OUT_OF_MEMORY;
    uint32_t place = (known->first + known->count++) % known->size;
    known->bits[bit_of(key) / 8] |= (uint8_t)(1 << bit_of(key) % 8);
    known->keys[place] = key;
    known->identifiers[place] = identifier;
    known->table[slot_of(known, key)] = place + 1;
    return 1;
}
