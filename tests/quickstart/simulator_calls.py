"""What the tests of the simulator send, and how they read its answers."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

MODEL = "claude-sonnet-5-5"
HEADERS = {"x-api-key": "simulator-key", "anthropic-version": "2026-10-21", "content-type": "application/json"}
TOOL_JSON = r'{"patient": "Marisol Fict\u00edcia", "note": "call \u004a\u0061ne\nüber 😀", "slots": [1, 2]}'
TOOL_INPUT = {"patient": "Marisol Fictícia", "note": "call Jane\nüber 😀", "slots": [1, 2]}


def ask(client, text, *, stream, **more):
    """Return the final message for a user text, in either mode."""
    arguments = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": text}], **more}
    if not stream:
        return client.messages.create(**arguments)
    with client.messages.stream(**arguments) as events:
        return events.get_final_message()


def document(text="Hello", **more):
    return {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": text}], **more}


def post(simulator, body, *, path="/v1/messages", **headers):
    """Send bytes or a document and return status, headers and the whole body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    wanted = {name: value for name, value in (HEADERS | headers).items() if value is not None}
    request = urllib.request.Request(simulator.url + path, data=data, headers=wanted, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def events_of(body):
    """Return the JSON of each event, checking the frames' grammar on the way."""
    found = []
    for part in body.decode().removesuffix("\n\n").split("\n\n"):
        match = re.fullmatch(r"event: (\w+)\ndata: (.*)", part)
        assert match, part
        data = json.loads(match[2])
        assert data["type"] == match[1]
        found.append(data)
    return found


def deltas_of(events, field):
    return [e["delta"][field] for e in events if e["type"] == "content_block_delta" and field in e["delta"]]
