"""Requests as the tests of masking write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carriage_rules import KEY, PLAIN, RULES, dump

from masking.request import MaskedRequest, mask_request

if TYPE_CHECKING:
    from masking.profile import Profile

UUID = "550e8400-e29b-41d4-a716-446655440000"


def request_of(*messages: Any, **more: Any) -> bytes:
    return dump({"model": "m", "max_tokens": 5, **more, "messages": list(messages)})


def user_turn(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant_turn(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def text_part(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def mask_body(body: bytes, profile: Profile = PLAIN, **more: Any) -> MaskedRequest:
    return mask_request(body, RULES, profile, KEY, **{"new_units": frozenset(range(99)), **more})
