"""What a session remembers of an assistant turn: where the caller's view differs, upstream's own words, sealed.

Memos are keyed by the thread digest before the turn, so they apply only where the conversation really went that way,
and sealed under the session's own memo key, so no other session and no database reader can open them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from authz.conversation import extend, mark
from authz.records import JudgedRow, MemoRow
from authz.vault import DataKey, open_sealed, seal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authz.conversation import SessionKeys, Thread
    from masking.response import MemoEntry


def _key(keys: SessionKeys) -> DataKey:
    return DataKey(f"memo:{keys.id}", keys.memo)


def seal_memos(
    keys: SessionKeys, thread_digest: bytes, exchange: str, memos: Sequence[MemoEntry]
) -> tuple[MemoRow, ...]:
    """Return the row to store for a response, or none when the caller's view masks to upstream's words anyway."""
    if not memos:
        return ()
    text = json.dumps([[memo.digest, memo.upstream] for memo in memos]).encode()
    return (MemoRow(keys.id, thread_digest, exchange, seal(_key(keys), text, b"memo:" + thread_digest)),)


def open_memos(
    keys: SessionKeys, thread: Thread, rows: Mapping[bytes, tuple[bytes, ...]]
) -> dict[tuple[int, str], str]:
    """Return upstream's words by (first unit of the answer, memo digest); newer rows win."""
    memos: dict[tuple[int, str], str] = {}
    for index, digest in thread.answers:
        for sealed in rows.get(digest, ()):
            for memo_digest, upstream in json.loads(open_sealed(_key(keys), sealed, b"memo:" + digest)):
                memos[index, memo_digest] = upstream
    return memos


def judged_after(
    keys: SessionKeys, thread_digest: bytes, units: Sequence[bytes], approval: str | None
) -> tuple[JudgedRow, ...]:
    """Return the rows that count the assistant's own turn as judged: it was masked on its way to the caller.

    One is the thread digest after the turn; the others mark each unit, so that what upstream sealed (thinking,
    signatures) is known again even where a client leaves out or inserts something before it.
    """
    if not units:
        return ()
    for canonical in units:
        thread_digest = extend(keys, thread_digest, canonical)
    marks = dict.fromkeys(mark(keys, canonical) for canonical in units)
    return (JudgedRow(keys.id, thread_digest, approval), *(JudgedRow(keys.id, own, None) for own in marks))
