/* What the parts share that read JSON documents. Law: no part keeps the body; every call is given it again, and a call
   that fails leaves what it was given as it was. Bodies end with a zero byte, as those of Python do. */
#ifndef PHIGATE_DOCUMENT_H
#define PHIGATE_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

enum { NO_MEMORY = -1 };

/* --- names.c: texts that are numbered -------------------------------------------------------------------------- */

typedef struct {
    uint32_t at, length;
    uint32_t in_pool; /* whether `at` is a place of the pool, else of the body */
} Name;

typedef struct {
    Name *all;
    uint32_t count, room;
    uint32_t *slots; /* number + 1 */
    uint32_t mask;
    char *pool;
    uint32_t pooled, pool_room;
    uint64_t seed;
} Names;

enum { NO_NAME = 0xffffffffu };

void names_free(Names *names);
uint32_t names_find(const Names *names, const char *body, const char *text, uint32_t length);
/* The number of a text, NO_NAME without memory. It stays in the body at `at`, or is copied if it stands elsewhere. */
uint32_t names_add(Names *names, const char *body, const char *text, uint32_t length, int copied);
static inline const char *name_text(const Names *names, const char *body, uint32_t number) {
    const Name *name = &names->all[number];
    return (name->in_pool ? names->pool : body) + name->at;
}

/* --- places.c: the table of places ------------------------------------------------------------------------------ */

enum { HERE, FIELDS, EACH, BY_TYPE, FORMS, SCHEMA, CACHE_MARK };
/* As `masking.shapes.Treatment` counts them. */
enum { MASK = 1, LEAVES, SCAN, NEVER, SEALED, CIPHER, TIME, SECRET, OPAQUE, WORD, USER, UNKNOWN, KEY };
enum { W_TYPE, W_TTL, W_EPHEMERAL, W_5M, W_1H, W_CACHE_CONTROL, W_CITATIONS, W_CALLER, W_DIRECT, W_TOOL_ADDITION,
       W_TOOL_REMOVAL, W_ROLE, W_CONTENT, W_USER, W_ASSISTANT, W_SYSTEM, W_TOOLS, W_MESSAGES, FIXED_WORDS };
enum { IS_UNIT_KEY = 1, IS_NESTED = 2, IS_CALL = 4 };
enum { S_UNKNOWN, S_SCAN, S_TEXT, S_TOOL, S_BLOCK, S_ASSISTANT, FIXED_SHAPES };
enum { F_MESSAGE, F_REQUEST, F_SCHEMA, FIXED_FIELDS };
enum { SKIPPED = 0xffff };

typedef struct {
    int32_t kind, a, b, c;
} Shape;

/* `words` are numbered; a name of a document below `words.count` is the word of that number. Of fields, `rank` says at
   which place of the table a word stands, from one; none: 0. */
typedef struct {
    Names words;
    uint8_t *is;
    Shape *shapes;
    int32_t shape_count;
    uint16_t *rank;
    int32_t *field_shapes, *field_at;
    int32_t field_count;
    int32_t fixed[FIXED_SHAPES];
} Places;

static inline uint16_t place_rank(const Places *places, int32_t fields, uint32_t name) {
    return name < places->words.count ? places->rank[(size_t)fields * places->words.count + name] : 0;
}

/* --- document.c: a body read ------------------------------------------------------------------------------------- */

enum { TEXT, SCALARS, ITEMS, MEMBERS, TYPE_BITS = 3, ESCAPED = 4, PLACED = 8, COUNT_SHIFT = 4 };

/* In the order of the body, so that a node's first child stands behind it. `name`: of a member, its key; of an item, its
   index. `kind`: a type, flags, and of scalars how many. `after`: what stands behind the node and all below it. */
typedef struct {
    uint32_t start, end, key_start, key_end, name, after, parent, kind;
} Node;

/* Where a string stands, a key too; `last` and `above` are the keys of a value in JSON of the caller's own, of a key
   `last` is itself. */
typedef struct {
    uint32_t node, start, end, above, last;
    uint8_t treatment, label, memo, is;
} Leaf;

enum { IS_KEY = 1, IS_NUMBER = 2 };
enum { LABEL_UNKNOWN, LABEL_UNIT, LABEL_KEYS, LABEL_MESSAGE, LABEL_REQUEST };
enum { MEMO_OTHER, MEMO_TEXT, MEMO_INPUT };

/* `type`: the word of its type, NO_NAME if that is none of the table's; `type_node`: its string, NO_NAME if it has none.
   `leaves`: where they end. Counts fit: a body has less than 1 GB. */
typedef struct {
    uint32_t node, type, type_node, kind, role, leaves, text_bytes, canonical_end;
} Unit;

enum { TOOL_UNIT, SYSTEM_UNIT, MESSAGE_UNIT };

typedef struct {
    uint32_t unit, media, node;
} Opaque;

/* The head is what Python looks at. `rest_at`: where the leaves begin that stand beside units. `more_messages`: how many
   messages have more than role and content. The work list is a stack of members that are being visited in their order. */
typedef struct {
    Node *nodes;
    Leaf *leaves;
    Unit *units;
    Opaque *opaque;
    uint32_t *changes;
    char *out;
    Name *name_list;
    char *name_pool;
    uint64_t out_length;
    uint32_t node_count, leaf_count, unit_count, opaque_count, change_count, name_count;
    uint32_t pooled, rest_at, rest_bytes, more_messages;
    uint32_t node_room, leaf_room, unit_room, opaque_room, change_room;
    uint64_t out_room;
    Names names;
    uint32_t *work;
    uint32_t work_count, work_room, fault_at;
    const Places *places;
} Document;

enum { NOT_JSON = 1, TRAILING_DATA, TOO_MANY_NODES, TOO_DEEP, DUPLICATE_KEY, LONE_SURROGATE };

/* Make room for one more item; 0 without memory. */
int has_room(void *items, uint32_t count, uint32_t *room, size_t size);

static inline int type_of(const Node *node) {
    return (int)(node->kind & TYPE_BITS);
}

/* --- tokens.c ----------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t start, end;
    int escaped, escaped_unicode;
} Token;

static inline uint32_t skip_space(const char *body, uint32_t at) {
    while (body[at] == ' ' || body[at] == '\n' || body[at] == '\r' || body[at] == '\t') at++;
    return at;
}
/* Whether a string stands at a place, with right escapes; it is read into `token`. */
int read_string(const char *body, uint32_t at, uint32_t size, Token *token);
/* The end of the number or literal that begins at a place; the place itself if none does. */
uint32_t read_scalar(const char *body, uint32_t at);
/* Whether half of a surrogate pair is spelled in a string. */
int is_lone(const char *body, const Token *token);
/* The next character of an escaped text as UTF-8 into `to`, its length as the result; `text` goes on. */
int unescape(const char **text, char *to);

/* --- places.c, looking at nodes ----------------------------------------------------------------------------------- */

/* The word that a text node spells, NO_NAME if it spells none of the table's. */
uint32_t word_at(const Document *document, const char *body, const Node *node);
/* The member of a node under a word; NULL if it has none. */
Node *member(const Document *document, const Node *node, uint32_t word);
typedef struct {
    uint32_t from, to;
} Span;

/* Put the members of a node on the work list, sorted by their keys; those alone that are not `placed` when `free_only`.
   0 without memory. Who asked takes them off again: `work_count = span.from`. */
int sorted_members(Document *document, const char *body, const Node *node, int free_only, Span *span);
int is_cache_mark(const Document *document, const char *body, const Node *node);
/* The text of a member's key. */
const char *key_text(const Document *document, const char *body, const Node *node, uint32_t *length);

/* --- walk.c: leaves ----------------------------------------------------------------------------------------------- */

/* `label`: that of leaves the table knows. */
typedef struct {
    Document *document;
    const Places *places;
    const char *body;
    uint64_t text_bytes;
    uint32_t unit;
    int label, failed;
} Walk;

/* Collect the leaves of a node that should have a shape; where it has not, they are unknown. */
void walk_visit(Walk *walk, uint32_t node, int32_t shape);
/* The members of an object in the order of the table, then those that it does not name. */
void walk_members(Walk *walk, uint32_t node, int32_t fields);

#endif
