"""What masking should give, computed slowly from whole texts: the standard library and the engine's `find`, no more.

Nothing here comes from the code that carries text (JSON, events, leaves, folds, placeholders): where both agree, the
carriage is right, or wrong twice in the same way.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from masking import Memory, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from masking import RuleSet

_LINE = re.compile(rb"\r\n|\n|\r")
_LIKE_PLACEHOLDER = re.compile(r"\[[A-Z_]+_[A-Z2-7]{7}_[A-Z2-7]{6}\]")
_KEPT = {"tool_use", "server_tool_use", "mcp_tool_use", "thinking", "redacted_thinking", "compaction"}
_NUMERIC = {"SSN", "PHONE", "FAX", "CARD", "NPI", "ZIP"}


def stream_events(data: bytes) -> list[dict[str, Any]]:
    """Return the events of a whole stream, by the letter of WHATWG HTML 9.2.6; unfinished ones do not exist."""
    found: list[dict[str, Any]] = []
    lines = _LINE.split(data.removeprefix(b"\xef\xbb\xbf"))
    held: list[bytes] = []
    for line in lines[:-1]:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                held.append(value.removeprefix(b" "))
        elif held:
            found.append(json.loads(b"\n".join(held)))
            held = []
    return found


def answer(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the message that events amount to."""
    whole: dict[str, Any] = {}
    fragments: dict[int, str] = {}
    for event in events:
        match event:
            case {"type": "message_start", "message": started}:
                whole = whole or started
            case {"type": "content_block_start", "content_block": block}:
                whole["content"].append(block)
            case {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta"} as delta}:
                fragments[index] = fragments.get(index, "") + delta["partial_json"]
            case {"type": "content_block_delta", "index": index, "delta": delta}:
                _apply(whole["content"][index], delta)
            case {"type": "content_block_stop", "index": index} if fragments.get(index):
                whole["content"][index]["input"] = json.loads(fragments[index])
            case {"type": "message_delta", "delta": delta}:
                whole |= delta
    return whole


def _apply(block: dict[str, Any], delta: dict[str, Any]) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "compaction_delta":
            block |= {key: delta[key] for key in ("content", "encrypted_content") if key in delta}
        case "citations_delta":
            block.setdefault("citations", []).append(delta["citation"])


class Oracle:
    """Masks values of one response in the order that they have there; every finding becomes a placeholder."""

    def __init__(self, rules: RuleSet, key: bytes, originals: Mapping[str, str] | None = None) -> None:
        self.rules = rules
        self.key = key
        self.originals = originals or {}
        self.memory = Memory()

    def placeholder(self, identifier: str, value: str) -> str:
        """Return the placeholder of a spelling, by the documented formula."""
        entity = value.casefold()
        if identifier in _NUMERIC:
            entity = "".join(char for char in entity if char.isdecimal())
        elif identifier == "NAME":
            entity = re.sub("[^a-zà-ÿ ]", "", entity.split(",")[0]).split()[-1]
        else:
            entity = "".join(char for char in entity if char.isalnum())
        parts = (self._code("entity", identifier, entity)[:7], self._code("surface", identifier, value)[:6])
        return f"[{identifier}_{parts[0]}_{parts[1]}]"

    def text(self, text: str) -> str:
        """Return a whole text masked."""
        masked = ""
        at = 0
        for finding in find(self.rules, text, memory=self.memory):
            masked += text[at : finding.start]
            masked += self.placeholder(finding.identifier, text[finding.start : finding.end])
            at = finding.end
        return masked + text[at:]

    def restored(self, masked: str) -> str:
        """Return masked text with the originals of this request; texts of tests hold no links."""
        return _LIKE_PLACEHOLDER.sub(lambda match: self.originals.get(match[0], match[0]), masked)

    def tree(self, value: Any) -> Any:
        """Return arbitrary JSON masked: keys in their order, each before its value; a key with PHI as a whole."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        if isinstance(value, dict):
            return {self._key(key): self.tree(value[key]) for key in sorted(value)}
        return value

    def block(self, block: dict[str, Any]) -> dict[str, Any]:
        """Return a content block masked, as the record holds it."""
        match block["type"]:
            case "text":
                masked = dict(block)
                if block.get("citations"):
                    masked["citations"] = [self._citation(citation) for citation in block["citations"]]
                masked["text"] = self.text(block["text"])
                return masked
            case "tool_use" | "server_tool_use" | "mcp_tool_use":
                return {**block, "input": self.tree(block["input"])}
            case "bash_code_execution_tool_result":
                content = {key: self.text(block["content"][key]) for key in ("stdout", "stderr")}
                return {**block, "content": {**block["content"], **content}}
            case "mcp_tool_result":
                return {**block, "content": [self.block(item) for item in block["content"]]}
        return block

    def content(self, blocks: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
        """Return the content of a response as the record holds it, and as the caller sees it."""
        record = [self.block(block) for block in blocks]
        return record, [self._shown(block) for block in record]

    def _shown(self, value: Any) -> Any:
        """Return a part of a response with its originals, but for what the model signed and what goes to tools."""
        if isinstance(value, str):
            return self.restored(value)
        if isinstance(value, list):
            return [self._shown(item) for item in value]
        if isinstance(value, dict):
            kept = {"input", "thinking", "data", "content"} if value.get("type") in _KEPT else set()
            return {key: item if key in kept else self._shown(item) for key, item in value.items()}
        return value

    def _citation(self, citation: dict[str, Any]) -> dict[str, Any]:
        texts = ("cited_text", "document_title", "title", "source")
        return citation | {key: self.text(citation[key]) for key in texts if citation.get(key)}

    def _key(self, key: str) -> str:
        found = find(self.rules, key, names="balanced")
        return self.placeholder(found[0].identifier, key) if found else key

    def _code(self, part: str, identifier: str, value: str) -> str:
        message = b"\0".join((b"phigate", part.encode(), identifier.encode(), value.encode()))
        return base64.b32encode(hmac.digest(self.key, message, "sha256")[:5]).decode()
