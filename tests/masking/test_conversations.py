"""Growing conversations: what upstream saw and wrote stays byte for byte what it was, whatever the caller does to its form.

The gateway's part is played by the code that it uses: digests and novelty from `authz.conversation`, memos and judged
marks in dictionaries. Every turn meets other objects, as it would in another worker.
"""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from typing import TYPE_CHECKING, Any

from carriage_rules import PLAIN, REDACTING, RESTORING, RULES
from carriage_streams import closed, delta, end, opened, start
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import answer, stream_events

from authz.conversation import SessionKeys, extend, mark, novelty, thread
from masking.memory import Memory
from masking.placeholders import Pseudonyms
from masking.request import mask_request, outline
from masking.response import ResponseMasker
from masking.rules import RuleSet

if TYPE_CHECKING:
    from masking.profile import Profile

KEYS = SessionKeys.derive(b"a session's key for these tests!")
TOKEN = Pseudonyms(KEYS.masking).placeholder("NAME", "Ada Loveless")


@cache
def _rules(worker: int) -> RuleSet:
    """Return the pinned rules as another worker reads them from their row."""
    return RULES if worker == 0 else RuleSet.from_archive(RULES.archive)


class Gateway:
    """One session: what the database would hold, and both views of the conversation."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self.profile = profile
        self.chance = random.Random(seed)
        self.judged: dict[bytes, str | None] = {}
        self.memos: dict[bytes, list[tuple[str, str]]] = {}
        self.known: list[Any] = []
        self.worker = 0

    def ask(self, messages: list[dict[str, Any]], said: list[dict[str, Any]], *, step: int) -> list[dict[str, Any]]:
        """Send a conversation as a caller would, let upstream say something, and return what the caller sees of it."""
        self.worker = 1 - self.worker
        body = self._dressed(messages)
        described = outline(body)
        digests = thread(KEYS, described, "/v1/messages")
        found = novelty(digests, described, self.judged)
        remembered = {
            (index, name): upstream
            for index, digest in digests.answers
            for name, upstream in self.memos.get(digest, ())
        }
        masked = mask_request(
            body,
            _rules(self.worker),
            self.profile,
            KEYS.masking,
            new_units=found.new_units,
            echoed=found.echoed,
            memos=remembered,
        )
        assert not masked.blocked
        sent = _units(json.loads(masked.body))
        assert sent[: len(self.known)] == self.known
        masker = ResponseMasker(_rules(1 - self.worker), self.profile, KEYS.masking, masked.memory, masked.restorations)
        if step:
            stream = masker.stream()
            emissions = stream.feed(_streamed(said, step))
            assert stream.complete
            seen = answer(stream_events(b"".join(item.caller for item in emissions)))["content"]
            units, memos = stream.units, stream.memos
        else:
            result = masker.message(json.dumps({"type": "message", "content": said}).encode())
            seen, units, memos = json.loads(result.caller)["content"], result.units, result.memos
        self.memos.setdefault(digests.final, []).extend((memo.digest, memo.upstream) for memo in memos)
        self.judged |= dict.fromkeys([digests.final, *digests.units])
        current = digests.final
        for canonical in units:
            current = extend(KEYS, current, canonical)
            self.judged[mark(KEYS, canonical)] = None
        self.judged[current] = None
        wrote = [{"type": "message", "role": "assistant", "content": [block]} for block in said if not _empty(block)]
        self.known = sent + _units({"messages": wrote})
        return [block for block in seen if not _empty(block)]

    def _dressed(self, messages: list[dict[str, Any]]) -> bytes:
        """Return the body in one of the forms that mean the same: strings or blocks, cache marks, cuts, escapes."""
        dressed: list[dict[str, Any]] = []
        for message in copy.deepcopy(messages):
            blocks = message["content"]
            if isinstance(blocks, str):
                blocks = [{"type": "text", "text": blocks}]
            if self.chance.random() < 0.3:
                blocks[-1]["cache_control"] = {"type": "ephemeral"}
            pieces = [[block] for block in blocks] if self.chance.random() < 0.2 else [blocks]
            for piece in pieces:
                plain = len(piece) == 1 and piece[0].keys() == {"type", "text"} and self.chance.random() < 0.5
                dressed.append({"role": message["role"], "content": piece[0]["text"] if plain else piece})
        if len(dressed) > 1 and dressed[-1]["role"] == dressed[-2]["role"] and self.chance.random() < 0.5:
            last = dressed.pop()
            for message in (dressed[-1], last):
                if isinstance(message["content"], str):
                    message["content"] = [{"type": "text", "text": message["content"]}]
            dressed[-1]["content"] = dressed[-1]["content"] + last["content"]
        system = [{"type": "text", "text": "You treat Mrs. Ada Loveless."}]
        top = {"model": "m", "max_tokens": 64, "system": system, "messages": dressed}
        text = json.dumps(top, ensure_ascii=self.chance.random() < 0.5, sort_keys=self.chance.random() < 0.5)
        return text.encode()


def _empty(block: dict[str, Any]) -> bool:
    return block["type"] == "text" and not block["text"]


def _units(body: dict[str, Any]) -> list[Any]:
    """Return every block that upstream reads, with its role; how it was wrapped does not matter."""
    units: list[Any] = []
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        bare = ({key: block[key] for key in block if key != "cache_control"} for block in blocks)
        units.extend((message["role"], block) for block in bare)
    return units


def _streamed(content: list[dict[str, Any]], step: int) -> bytes:
    out = start()
    for index, block in enumerate(content):
        if block["type"] == "tool_use":
            kind, field, text = "input_json_delta", "partial_json", json.dumps(block["input"])
            out += opened(index, **{**block, "input": {}})
        else:
            field = block["type"]
            kind, text = f"{field}_delta", block[field]
            out += opened(index, **{**block, field: "", **({"signature": ""} if field == "thinking" else {})})
        for at in range(0, len(text), step):
            out += delta(index, kind, **{field: text[at : at + step]})
        if block["type"] == "thinking":
            out += delta(index, "signature_delta", signature=block["signature"])
        out += closed(index)
    return out + end()


WORDS = st.sampled_from([
    "Mrs. Ada Loveless", "Loveless", TOKEN, "SSN 123-45-6789", "so it is", "patient Bo Quill", "Quill", "0012-3456",
    "Marisol Fict", "icia", "123-45-", "6789", "\n\n", "CANARY4",
])  # fmt: skip
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
INPUTS = st.dictionaries(
    st.sampled_from(["a", "CANARY7", "MRN 0012-3456", "z"]), PHRASES | st.lists(PHRASES, max_size=2)
)
SAID = st.lists(
    st.one_of(
        PHRASES.map(lambda text: {"type": "text", "text": text}),
        st.just({"type": "text", "text": ""}),
        PHRASES.map(lambda text: {"type": "thinking", "thinking": text, "signature": "c2ln" + text[:2].encode().hex()}),
        INPUTS.map(lambda given: {"type": "tool_use", "id": "toolu_01A", "name": "book", "input": given}),
    ),
    min_size=1,
    max_size=4,
).filter(lambda blocks: not all(map(_empty, blocks)))
STEPS = st.lists(
    st.tuples(st.sampled_from(["user", "pause", "prefill"]), PHRASES, SAID, st.sampled_from([0, 1, 6])),
    min_size=2,
    max_size=5,
)


@settings(deadline=None, max_examples=120)
@given(STEPS, st.sampled_from([PLAIN, RESTORING, REDACTING]), st.integers(0, 2**32))
def test_what_upstream_saw_never_changes(
    steps: list[tuple[str, str, list[dict[str, Any]], int]], profile: Profile, seed: int
) -> None:
    """Tool loops, continued turns, prefills, streams and whole answers, any form of the caller's: a stable prefix.

    Upstream's own words, signed thinking and keys of tool input among them, come back to it exactly as it wrote them.
    """
    gateway = Gateway(profile, seed)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Hello, about patient Bo Quill."}]
    for kind, asked, said, step in steps:
        last = messages[-1]
        if last["role"] == "assistant" and kind != "pause":
            calls = [block for block in last["content"] if block["type"] == "tool_use"]
            results = [{"type": "tool_result", "tool_use_id": call["id"], "content": asked} for call in calls]
            messages.append({"role": "user", "content": results or asked})
        if kind == "prefill" and messages[-1]["role"] == "user":
            messages.append({"role": "assistant", "content": [{"type": "text", "text": asked}]})
        seen = gateway.ask(messages, said, step=step)
        messages.append({"role": "assistant", "content": seen})


def _asked(gateway: Gateway, messages: list[dict[str, Any]], *said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask, and go on with the same turn for each further answer (`pause_turn`)."""
    for blocks in said:
        messages.append({"role": "assistant", "content": gateway.ask(messages, blocks, step=3)})
    return messages


def test_the_same_words_twice_in_a_continued_turn() -> None:
    """Two answers of one turn show the caller the same words for different ones: each comes back as its own."""
    gateway = Gateway(PLAIN, 1)
    masked = Pseudonyms(KEYS.masking).placeholder("SSN", "123-45-6789")
    said = [[{"type": "text", "text": text}] for text in (f"so {masked}", "so 123-45-6789", f"so {masked}")]
    messages = _asked(gateway, [{"role": "user", "content": "hello"}], *said)
    assert len({message["content"][0]["text"] for message in messages[1:]}) == 1
    messages.append({"role": "user", "content": "and?"})
    gateway.ask(messages, said[0], step=0)
    assert [block["text"] for role, block in gateway.known if role == "assistant"][:3] == [
        each[0]["text"] for each in said
    ]


def test_masked_keys_come_back_as_upstream_wrote_them() -> None:
    """A key of tool input that the caller sees masked goes up again as it was, and what sorts behind it too."""
    gateway = Gateway(PLAIN, 2)
    given = {"zeta": "SSN 123-45-6789", "CANARY7": "0012-3456", "alpha": {"MRN 0012-3456": ["CANARY8"]}}
    call = {"type": "tool_use", "id": "toolu_01A", "name": "book", "input": given}
    messages = _asked(gateway, [{"role": "user", "content": "hello"}], [call])
    assert "CANARY" not in json.dumps(messages)
    messages.append(
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01A", "content": "done"}]}
    )
    gateway.ask(messages, [{"type": "text", "text": "so"}], step=0)
    assert ("assistant", call) in gateway.known


def test_a_key_is_never_written_twice() -> None:
    """Where the caller changed its echo, a remembered key that stands there already is not put back."""
    rules, key = _rules(0), KEYS.masking
    call = {"type": "tool_use", "id": "toolu_01A", "name": "book", "input": {"CANARY7": 1}}
    result = ResponseMasker(rules, PLAIN, key, Memory(), {}).message(json.dumps({"content": [call]}).encode())
    seen = json.loads(result.caller)["content"]
    seen[0]["input"]["CANARY7"] = 2
    body = json.dumps({"model": "m", "messages": [{"role": "assistant", "content": seen}]}).encode()
    memos = {(0, memo.digest): memo.upstream for memo in result.memos}
    masked = mask_request(body, rules, PLAIN, key, new_units=frozenset(), memos=memos)
    assert masked.body.count(b"CANARY7") == 1
    assert masked.blocked
