"""What OPA may answer: exact decisions, or none.

An answer is a decision only when every key, type and bound is as written here. Whatever else comes back (undefined,
another type, an obligation that phigate does not know, no bundle revision) is `PolicyUnavailable`, which denies.
The documents that OPA is asked with are built in `authz/question.py` and offered here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from authz.errors import PolicyUnavailable
from authz.identity import MAX_NAME
from authz.question import (
    AdminAction,
    HttpFacts,
    Owned,
    RequestFacts,
    access_input,
    admin_input,
    content_input,
    models_input,
    request_features,
    split_betas,
)

__all__ = [
    "AccessDecision",
    "AdminAction",
    "AdminDecision",
    "ContentDecision",
    "Effect",
    "HttpFacts",
    "ModelsDecision",
    "Owned",
    "RecordMode",
    "RequestFacts",
    "Review",
    "access_input",
    "admin_input",
    "content_input",
    "models_input",
    "read_access",
    "read_admin",
    "read_content",
    "read_models",
    "request_features",
    "split_betas",
]

MAX_REASONS = 512
MAX_REVIEWERS = 32
MAX_APPROVALS = 16
MAX_MODELS = 1000
MIN_EXPIRY = 60
MAX_EXPIRY = 30 * 24 * 3600
"""Bounds of an answer; expiries in seconds."""

_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_.:@/-]{0,159}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+/-]{0,127}")

Effect = Literal["allow", "deny", "review"]
RecordMode = Literal["masked", "sealed"]


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """May this principal call this endpoint. `connection` names the upstream credential, and is empty on a denial."""

    allow: bool
    reason: str
    connection: str
    revision: str


@dataclass(frozen=True, slots=True)
class Review:
    """Who has to say yes: `min_approvals` distinct people of the groups `reviewers`, within `expires_in` seconds."""

    reviewers: tuple[str, ...]
    min_approvals: int
    expires_in: int


@dataclass(frozen=True, slots=True)
class ContentDecision:
    """What happens to an inspected request. `review` is there exactly when the effect is review."""

    effect: Effect
    reasons: tuple[str, ...]
    profile: str
    review: Review | None
    record: RecordMode
    revision: str


@dataclass(frozen=True, slots=True)
class ModelsDecision:
    """Which of the models asked about this principal may use."""

    models: frozenset[str]
    revision: str


@dataclass(frozen=True, slots=True)
class AdminDecision:
    """May this principal do this admin action."""

    allow: bool
    reason: str
    revision: str


def read_access(answer: object) -> AccessDecision:
    """Return the access decision in OPA's answer; raises `PolicyUnavailable` when there is none."""
    result, revision = _result(answer, {"allow", "reason", "connection"})
    allow = _flag(result["allow"])
    connection = result["connection"]
    if allow or connection != "":
        _text(connection, _NAME)
    return AccessDecision(allow, _text(result["reason"], _REASON), connection, revision)


def read_content(answer: object) -> ContentDecision:
    """Return the content decision in OPA's answer; raises `PolicyUnavailable` when there is none."""
    result, revision = _result(answer, {"effect", "reasons", "profile", "review", "record"})
    effect = cast("Effect", _choice(result["effect"], get_args(Effect)))
    reasons = tuple(_text(reason, _REASON) for reason in _list(result["reasons"], MAX_REASONS))
    review = result["review"]
    if (review is not None) is not (effect == "review") or (effect != "allow" and not reasons):
        raise PolicyUnavailable("a content decision does not fit its effect")
    return ContentDecision(
        effect=effect,
        reasons=reasons,
        profile=_text(result["profile"], _NAME),
        review=None if review is None else _review(review),
        record=cast("RecordMode", _choice(result["record"], get_args(RecordMode))),
        revision=revision,
    )


def read_models(answer: object) -> ModelsDecision:
    """Return the models decision in OPA's answer; raises `PolicyUnavailable` when there is none."""
    result, revision = _result(answer, {"models"})
    return ModelsDecision(frozenset(_text(model, _MODEL) for model in _list(result["models"], MAX_MODELS)), revision)


def read_admin(answer: object) -> AdminDecision:
    """Return the admin decision in OPA's answer; raises `PolicyUnavailable` when there is none."""
    result, revision = _result(answer, {"allow", "reason"})
    return AdminDecision(_flag(result["allow"]), _text(result["reason"], _REASON), revision)


def _result(answer: object, keys: set[str]) -> tuple[dict[str, Any], str]:
    envelope = _object(answer)
    if not set(envelope) <= {"result", "provenance", "decision_id"} or "result" not in envelope:
        raise PolicyUnavailable("the answer holds no decision")
    result = _object(envelope["result"])
    if set(result) != keys:
        raise PolicyUnavailable("a decision lacks a key or has one that phigate does not know")
    return result, _revision(envelope.get("provenance"))


def _revision(provenance: object) -> str:
    bundles = _object(_object(provenance).get("bundles"))
    if len(bundles) != 1:
        raise PolicyUnavailable("a decision must come from exactly one bundle")
    return _text(_object(next(iter(bundles.values()))).get("revision"), _REVISION)


def _review(value: object) -> Review:
    review = _object(value)
    if set(review) != {"reviewers", "min_approvals", "expires_in"}:
        raise PolicyUnavailable("a review lacks a key or has one that phigate does not know")
    reviewers = _list(review["reviewers"], MAX_REVIEWERS)
    for reviewer in reviewers:
        if type(reviewer) is not str or not 0 < len(reviewer) <= MAX_NAME or not reviewer.isprintable():
            raise PolicyUnavailable("a reviewer is not a group name")
    if not reviewers:
        raise PolicyUnavailable("a review names no reviewers")
    return Review(
        reviewers=tuple(reviewers),
        min_approvals=_number(review["min_approvals"], 1, MAX_APPROVALS),
        expires_in=_number(review["expires_in"], MIN_EXPIRY, MAX_EXPIRY),
    )


def _object(value: object) -> dict[str, Any]:
    if type(value) is not dict:
        raise PolicyUnavailable("the answer is not an object where one must be")
    return value


def _list(value: object, most: int) -> list[Any]:
    if type(value) is not list or len(value) > most:
        raise PolicyUnavailable("the answer is not a list within bounds where one must be")
    return value


def _flag(value: object) -> bool:
    if value is True:
        return True
    if value is False:
        return False
    raise PolicyUnavailable("a flag is neither true nor false")


def _choice(value: object, choices: tuple[str, ...]) -> str:
    if type(value) is not str or value not in choices:
        raise PolicyUnavailable("a decision names an effect that phigate does not know")
    return value


def _text(value: object, pattern: re.Pattern[str]) -> str:
    if type(value) is not str or not pattern.fullmatch(value):
        raise PolicyUnavailable("a name in the answer is not of its alphabet")
    return value


def _number(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise PolicyUnavailable("a number in the answer is out of bounds")
    return value
