"""A program that uses the Anthropic SDK as its manual shows; the same for 0.x and 2.x, in whichever interpreter it runs.

It reads one call a line from standard input, as JSON, and writes its outcome, one line of JSON. A call names an
`operation`, a `base_url` and a `token`: nothing else about the SDK is configured. What the SDK raises is an outcome too,
with the text that came before it.
"""

from __future__ import annotations

import asyncio
import json
import sys

import anthropic
import python_async
import python_sync


def outcome(call: dict, said: list[str]) -> dict:
    """Return what a call came to; `said` collects the text that it streamed."""
    place = {"base_url": call.pop("base_url"), "api_key": call.pop("token")}
    operation = call.pop("operation")
    if call.pop("asynchronous", False):
        return asyncio.run(_waited(operation, place, said, call))
    with anthropic.Anthropic(**place) as client:
        return getattr(python_sync, operation)(client, said, **call)


async def _waited(operation: str, place: dict, said: list[str], call: dict) -> dict:
    async with anthropic.AsyncAnthropic(**place) as client:
        return await getattr(python_async, operation)(client, said, **call)


def error(raised: Exception) -> dict:
    """Return what a program can know of an exception."""
    return {
        "class": type(raised).__name__,
        "is_sdk": isinstance(raised, anthropic.AnthropicError),
        "status": getattr(raised, "status_code", None),
        "body": getattr(raised, "body", None),
        "text": str(raised),
    }


for line in sys.stdin:
    text: list[str] = []
    try:
        done = outcome(json.loads(line), text)
    except Exception as caught:  # noqa: BLE001  whatever a client raises is what the test asks about
        done = {"error": error(caught)}
    print(json.dumps({"said": "".join(text), **done}), flush=True)
