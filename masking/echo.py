"""What a caller will send back of a response, foreseen: its units, and the memos its echo needs.

The caller's view goes through the very masking that the next request will go through, with the memory that this
request's masking ended with. Where the result is not upstream's own text, a memo is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from masking.arrangement import assistant_place
from masking.canonical import digest
from masking.json_document import Items, Members, parse
from masking.leaves import KeySpans
from masking.memos import MemoEntry, Turn
from masking.request import RequestMasking, is_remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from masking.json_document import Document, Node
    from masking.leaves import Leaf
    from masking.replacement import Replacement


class Echo(NamedTuple):
    """The canonical digests of the assistant's blocks as they will come back, and the memos they need."""

    units: tuple[bytes, ...] = ()
    memos: tuple[MemoEntry, ...] = ()


def foresee(
    upstream_content: bytes, caller_content: bytes, replacement: Replacement, key: bytes, *, unknown_blocks: bool
) -> Echo:
    """Return the echo of a response's content, given as two JSON arrays: upstream's and the caller's.

    `replacement` masks in the direction of requests, with a memory of its own.
    """
    upstream, caller = parse(upstream_content), parse(caller_content)
    if not isinstance(upstream.root, Items) or not isinstance(caller.root, Items):
        return Echo()
    turn = Turn(key)
    units: list[bytes] = []
    memos: list[MemoEntry] = []
    for theirs, seen in zip(upstream.root, caller.root, strict=True):
        place = assistant_place(caller, seen)
        if _is_empty_text(caller, seen, place.block):
            continue  # the API refuses empty text blocks in requests, so clients drop them
        units.append(digest(caller, seen, place.kind, place.role, place.block))
        masking = RequestMasking(caller, replacement, unknown_blocks=unknown_blocks)
        originals = _aligned(upstream, assistant_place(upstream, theirs).leaves, caller, place.leaves)
        for leaf, original in zip(place.leaves, originals, strict=True):
            again = masking.leaf(leaf, None)
            if not is_remembered(leaf):
                continue
            name = turn.digest(leaf.memo_kind, leaf.read(caller))
            wrote = original.read(upstream)
            if again != wrote:
                memos.append(MemoEntry(name, wrote))
    return Echo(tuple(units), tuple(memos))


def _aligned(upstream: Document, originals: Sequence[Leaf], caller: Document, leaves: Sequence[Leaf]) -> Sequence[Leaf]:
    """Return upstream's leaves in the order of the caller's, who sees the same strings in the same order of bytes.

    Leaves come sorted by their keys, and a masked key sorts otherwise than its original.
    """
    if [leaf.key for leaf in originals] == [leaf.key for leaf in leaves]:
        return originals
    theirs, seen = KeySpans(upstream), KeySpans(caller)
    in_bytes = sorted(originals, key=theirs.of)
    ranks = sorted(range(len(leaves)), key=lambda place: seen.of(leaves[place]))
    aligned = dict(zip(ranks, in_bytes, strict=True))
    return [aligned[place] for place in range(len(leaves))]


def _is_empty_text(caller: Document, block: Node, kind: str) -> bool:
    if kind != "text" or not isinstance(block, Members):
        return False
    text = block.get("text")
    return isinstance(text, tuple) and not caller.text(text)
