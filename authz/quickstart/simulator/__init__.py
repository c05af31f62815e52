r"""A Claude simulator: today's Messages API over HTTP, without a model, scripted by words in the request.

It stands in for the Claude API in the quickstart, in tests and in benchmarks. It keeps no conversation: what it answers
follows from the request alone, and what it has signed it can verify later, because a signature is a keyed digest of
everything before it (`signatures`).

Its nouns: a *prompt* is the last text a user wrote, outside `<system-reminder>`; a *directive* is a `sim:` word in it;
a *script* is what the directives together ask for; a *reply* is the blocks that answer; a *frame* is one server-sent
event; the *journal* is what reached us, which tests use as the truth about what left the gateway.

Directives, in any number and order, each with its arguments behind it on the same line (JSON may span lines):

    what is said
    sim:echo                     "You wrote: PROMPT", which is also what a prompt without directives gets
    sim:say TEXT                 TEXT, up to the next directive or the end of the line
    sim:deltas N                 N text deltas of 20 characters without anything that looks like PHI; made once, fast
    sim:tool NAME {JSON}         a tool_use block; several are called in parallel. Its `partial_json` is the JSON as
                                 spelled in the prompt, non-ASCII as \uXXXX, split inside escapes
    sim:agent NAME {JSON}        an agent's loop, if the request offers the tool NAME: thinking and the call, then,
                                 after the tool's result, thinking and a text with its first 200 characters;
                                 several are called one after another
    sim:thinking [TEXT]          a signed thinking block first (default: one that quotes the prompt)
    sim:redacted                 a signed redacted_thinking block first
    sim:citations                a citation on the text
    sim:unknown                  an unknown event, block type and delta type beside the text

    how it is sent
    sim:pieces N                 deltas of N characters instead of 1 to 11
    sim:slow DURATION            a pause before each frame (`50ms`, `2s`); before the answer when it is JSON
    sim:wait DURATION            a pause before the response headers
    sim:chunk N                  socket writes of N bytes instead of one for each frame
    sim:crlf                     CRLF line ends, comments and stray fields in the stream
    sim:headers                  response headers that must not reach a caller (set-cookie and others)
    sim:html                     200 text/html
    sim:gzip                     content-encoding: gzip
    sim:raw LETTERS              exactly these bytes as the body, under the usual content type. `script.spell` spells
                                 them as a gateway in between cannot read: in base64 it would mask them on their way up

    how it fails
    sim:error STATUS [TEXT]      that HTTP status in the API's shape, with TEXT as its message
    sim:error_first STATUS       the same, but only the first time this very body arrives
    sim:error_stream [TYPE]      an `error` event in the middle (JSON: the HTTP error)
    sim:max_tokens               half of the answer, tool JSON cut in the middle, stop_reason max_tokens
    sim:cut                      a clean end in the middle, without message_stop
    sim:reset                    a TCP reset in the middle
    sim:hang                     silence in the middle, until the client goes

A directive that cannot be read is answered 400, so that a typing mistake does not pass for an echo. A user message of
tool results alone continues the prompt before it: after `sim:tool` (or no directive) the answer is "The tool returned:"
and the first 200 characters.

Outside the API: `GET /healthz`, and `GET /_sim/requests?after=N`, the journal's newest entries.
"""
