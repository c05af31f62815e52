"""Rows of the admin API in words, for people: one short line each, without digests and ids. Pure.

What an event holds beyond its line is there with `--full` and `--json`. An event of a kind that is not known here has
no words rather than wrong ones.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SNAPSHOT = re.compile(r"-20[0-9]{6}\Z")
_VERDICTS = {"approve": "approved", "deny": "denied"}


def moment(rfc3339: str) -> datetime | None:
    """Return a time of the admin API, None for one that is none."""
    try:
        found = datetime.fromisoformat(rfc3339)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def span(seconds: float) -> str:
    """Return a length of time in its largest whole unit: `45s`, `12m`, `3h`, `2d`."""
    whole = max(0, int(seconds))
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if whole >= unit:
            return f"{whole // unit}{name}"
    return f"{whole}s"


def time_left(row: Mapping[str, Any], now: datetime) -> str:
    """Return how long a request may still wait, or a granted one may still be sent; `-` where nothing runs out."""
    ends = {"PENDING": row.get("expires_at"), "APPROVED": row.get("grant_expires_at") or row.get("expires_at")}
    end = moment(ends.get(str(row.get("state"))) or "")
    return "-" if end is None else span((end - now).total_seconds())


def ago(rfc3339: str, now: datetime) -> str:
    """Return how long ago a time was."""
    found = moment(rfc3339)
    return rfc3339 if found is None else f"{span((now - found).total_seconds())} ago"


def clock(rfc3339: str, *, with_day: bool = False) -> str:
    """Return the time of day in UTC, to the second, `with_day` after month and day."""
    found = moment(rfc3339)
    if found is None:
        return rfc3339
    return f"{found.astimezone(UTC):{'%m-%d ' if with_day else ''}%H:%M:%S}"


def short_model(model: str) -> str:
    """Return a model's name without the vendor's prefix and the date of its snapshot."""
    return _SNAPSHOT.sub("", model.removeprefix("claude-")) or model


def short_reasons(row: Mapping[str, Any]) -> str:
    """Return policy's reasons; they name the triggers that matched, which stand alone only where there are none."""
    return ", ".join(str(each).removeprefix("trigger:") for each in row.get("reasons") or row.get("triggers") or [])


def first_reason(row: Mapping[str, Any]) -> str:
    """Return the first reason, and how many more there are."""
    first, *more = short_reasons(row).split(", ")
    return f"{first} +{len(more)}" if more else first


def counted(counts: Mapping[str, Any]) -> str:
    """Return counts by name, in the order of names: `MRN 1, NAME 2`."""
    return ", ".join(f"{name} {_number(count)}" for name, count in sorted(counts.items()))


def what_happened(kind: str, header: Mapping[str, Any]) -> str:
    """Return what an event of a session's story says, in words; empty for a kind that is not known here."""
    tell = _TOLD.get(kind)
    return tell(header) if tell else ""


def _number(value: Any) -> Any:
    """Return a count as it was recorded: a Struct's numbers are doubles, ours are whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _joined(parts: Sequence[Any], by: str = ", ") -> str:
    return by.join(str(part) for part in parts if part not in ("", "-", None))


def _opened(header: Mapping[str, Any]) -> str:
    return _joined([header.get("subject", ""), header.get("endpoint", "")], " asked ")


def _decided(header: Mapping[str, Any]) -> str:
    reasons = short_reasons(header)
    decision = f"{header.get('effect', '')}{f' ({reasons})' if reasons else ''}"
    blocked = _number(header.get("blocked") or 0)
    found = counted(header.get("findings") or {}) or "nothing found"
    facts = [found, f"{blocked} not to be masked" if blocked else ""]
    return f"{_joined([decision, header.get('profile', '')])}; {_joined(facts)}"


def _requested(header: Mapping[str, Any]) -> str:
    return f"of {_joined(header.get('reviewers') or [])}, {_number(header.get('min_approvals', 1))} needed"


def _voted(header: Mapping[str, Any]) -> str:
    said = f"{header.get('subject', '')} {_VERDICTS.get(str(header.get('verdict')), header.get('verdict', ''))}"
    return f"{said}, more are needed" if header.get("state") == "PENDING" else said


def _closed(header: Mapping[str, Any]) -> str:
    usage = header.get("usage") or {}
    tokens = "/".join(str(_number(usage[key])) for key in ("input_tokens", "output_tokens") if key in usage)
    parts = [header.get("outcome", ""), _number(header.get("status", "")), header.get("stop_reason", "")]
    found = counted(header.get("response_findings") or {})
    facts = [f"{tokens} tokens" if tokens else "", f"answer: {found}" if found else ""]
    return _joined([_joined(parts), _joined(facts)], "; ")


_TOLD: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "exchange.opened": _opened,
    "exchange.decided": _decided,
    "exchange.closed": _closed,
    "approval.requested": _requested,
    "approval.voted": _voted,
    "approval.consumed": lambda _: "sent under the approval",
    "approval.done": lambda header: _joined(["the approval is used up", header.get("outcome", "")]),
    "approval.returned": lambda _: "no answer; the approval can be used again",
    "approval.expired": lambda _: "too late to decide or to send",
    "approval.revoked": lambda _: "the approval was taken back",
}
