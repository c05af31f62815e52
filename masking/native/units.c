/* The units of a request: what `masking.arrangement` finds, with what stands beside them. */
#include "document.h"

enum { LATER_ERRORS = 16 }; /* refusals, as `native_plan.py` words them */
enum { NOT_AN_OBJECT = LATER_ERRORS, TOOLS_TYPE, TOOLS_OBJECT, SYSTEM_TYPE, SYSTEM_OBJECT, NO_MESSAGES, MESSAGES_TYPE,
       MESSAGES_OBJECT, NO_ROLE, NO_CONTENT, CONTENT_OBJECT, CONTENT_TYPE };

static void unit(Walk *walk, uint32_t index, uint32_t kind, uint32_t role, const Node *type, int32_t shape) {
    Document *document = walk->document;
    if (!has_room(&document->units, document->unit_count, &document->unit_room, sizeof(Unit))) {
        walk->failed = NO_MEMORY;
        return;
    }
    walk->unit = document->unit_count++;
    walk->text_bytes = 0;
    walk_visit(walk, index, shape);
    document->units[walk->unit] = (Unit){
        .node = index,
        .type = type ? word_at(document, walk->body, type) : NO_NAME,
        .type_node = type ? (uint32_t)(type - document->nodes) : NO_NAME,
        .kind = kind,
        .role = role,
        .leaves = document->leaf_count,
        .text_bytes = (uint32_t)walk->text_bytes,
    };
}

static const Node *block_type(const Document *document, const Node *block) {
    const Node *type = member(document, block, W_TYPE);
    return type && type_of(type) == TEXT && type->end - type->start > 2 ? type : NULL;
}

static int tool_units(Walk *walk, const Node *top) {
    const Node *nodes = walk->document->nodes, *tools = member(walk->document, top, W_TOOLS);
    if (!tools) return 0;
    if (type_of(tools) != ITEMS) return TOOLS_TYPE;
    for (const Node *tool = tools + 1; tool < nodes + tools->after; tool = nodes + tool->after) {
        if (type_of(tool) != MEMBERS) return TOOLS_OBJECT;
        unit(walk, (uint32_t)(tool - nodes), TOOL_UNIT, W_TOOLS, NULL, walk->places->fixed[S_TOOL]);
    }
    return 0;
}

static int system_units(Walk *walk, const Node *top) {
    const Node *nodes = walk->document->nodes, *system = member(walk->document, top, W_SYSTEM);
    if (!system) return 0;
    if (type_of(system) == TEXT) {
        unit(walk, (uint32_t)(system - nodes), SYSTEM_UNIT, W_SYSTEM, NULL, walk->places->fixed[S_TEXT]);
        return 0;
    }
    if (type_of(system) != ITEMS) return SYSTEM_TYPE;
    for (const Node *block = system + 1; block < nodes + system->after; block = nodes + block->after) {
        if (type_of(block) != MEMBERS) return SYSTEM_OBJECT;
        const Node *type = block_type(walk->document, block);
        if (!type) return CONTENT_TYPE;
        unit(walk, (uint32_t)(block - nodes), SYSTEM_UNIT, W_SYSTEM, type, walk->places->fixed[S_BLOCK]);
    }
    return 0;
}

static int has_more(const Node *nodes, const Node *message) {
    for (const Node *child = message + 1; child < nodes + message->after; child = nodes + child->after)
        if (child->name != W_ROLE && child->name != W_CONTENT) return 1;
    return 0;
}

static int message_units(Walk *walk, const Node *message) {
    Document *document = walk->document;
    const Node *nodes = document->nodes;
    if (type_of(message) != MEMBERS) return MESSAGES_OBJECT;
    const Node *said = member(document, message, W_ROLE), *content = member(document, message, W_CONTENT);
    uint32_t role = said && type_of(said) == TEXT ? word_at(document, walk->body, said) : NO_NAME;
    if (role != W_USER && role != W_ASSISTANT && role != W_SYSTEM) return NO_ROLE;
    document->more_messages += (uint32_t)has_more(nodes, message);
    if (content && type_of(content) == TEXT) {
        unit(walk, (uint32_t)(content - nodes), MESSAGE_UNIT, role, NULL, walk->places->fixed[S_TEXT]);
        return 0;
    }
    if (!content || type_of(content) != ITEMS) return NO_CONTENT;
    int32_t shape = walk->places->fixed[role == W_ASSISTANT ? S_ASSISTANT : S_BLOCK];
    for (const Node *block = content + 1; block < nodes + content->after; block = nodes + block->after) {
        if (type_of(block) != MEMBERS) return CONTENT_OBJECT;
        const Node *type = block_type(document, block);
        if (!type) return CONTENT_TYPE;
        unit(walk, (uint32_t)(block - nodes), MESSAGE_UNIT, role, type, shape);
    }
    return 0;
}

/* Find the units and the leaves of a request, and what stands beside the units behind them; 0, or why it is none. */
int document_plan(Document *document, const char *body) {
    Walk walk = {.document = document, .places = document->places, .body = body, .label = LABEL_UNIT};
    const Node *nodes = document->nodes, *top = nodes;
    document->leaf_count = document->unit_count = document->opaque_count = document->change_count = 0;
    document->work_count = document->more_messages = 0;
    if (type_of(top) != MEMBERS) return NOT_AN_OBJECT;
    int refused = tool_units(&walk, top);
    if (!refused) refused = system_units(&walk, top);
    if (refused) return refused;
    const Node *messages = member(document, top, W_MESSAGES);
    if (!messages) return NO_MESSAGES;
    if (type_of(messages) != ITEMS) return MESSAGES_TYPE;
    for (const Node *message = messages + 1; message < nodes + messages->after; message = nodes + message->after) {
        refused = message_units(&walk, message);
        if (refused) return refused;
    }
    walk.unit = document->unit_count;
    walk.text_bytes = 0;
    walk.label = LABEL_MESSAGE;
    document->rest_at = document->leaf_count;
    for (const Node *message = messages + 1; message < nodes + messages->after; message = nodes + message->after)
        walk_members(&walk, (uint32_t)(message - nodes), F_MESSAGE);
    walk.label = LABEL_REQUEST;
    walk_members(&walk, 0, F_REQUEST);
    document->rest_bytes = (uint32_t)walk.text_bytes;
    return walk.failed;
}
