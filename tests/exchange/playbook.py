"""Play an exchange as a transcript: scripted events in, recorded actions out, no server anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authz.approval import State, Ticket
from authz.conversation import SessionKeys, thread
from authz.decision import AccessDecision, ContentDecision, ModelsDecision, Review
from authz.errors import GatewayError
from authz.exchange import actions as act
from authz.exchange.life import Exchange, Limits
from authz.identity import Principal
from authz.records import Pin, SessionView
from authz.vault import DataKey
from masking.errors import MaskingError
from masking.placeholders import Pseudonyms
from masking.request import outline

if TYPE_CHECKING:
    from collections.abc import Callable

CALLER = Principal("default", "https://idp.example", "ann", ("clinicians",), "human", "t1", 4_000_000_000)
KEYS = SessionKeys.derive(b"k" * 32)


def ticket(state: State, **changes: Any) -> Ticket:
    values: dict[str, Any] = {
        "id": "tkt_1",
        "session": KEYS.id,
        "exchange": "ex_1",
        "tenant": CALLER.tenant,
        "issuer": CALLER.issuer,
        "subject": CALLER.subject,
        "state": state,
        "version": 1,
        "model": "claude-sonnet-5-5",
        "reasons": ("trigger:bulk_record",),
        "findings": {},
        "triggers": (),
        "reviewers": ("reviewers",),
        "min_approvals": 1,
        "created_at": 0,
        "expires_at": 1,
        "grant_expires_at": None,
        "decided_by": (),
        "request_digest": b"",
        "thread_digest": b"",
    }
    return Ticket(**{**values, **changes})


def allow(**changes: Any) -> ContentDecision:
    values: dict[str, Any] = {
        "effect": "allow",
        "reasons": (),
        "profile": "standard",
        "review": None,
        "record": "standard",
        "revision": "p1",
    }
    return ContentDecision(**{**values, **changes})


def review() -> ContentDecision:
    return allow(effect="review", reasons=("trigger:bulk_record",), review=Review(("reviewers",), 1, 3600))


@dataclass
class Playbook:
    """Answers an exchange's actions from a script and keeps what it did.

    `fail` maps an action type to the errors it raises, in order (None: answer normally). `fail_at` maps the number of
    a step to an error. With a `policy` the answer about content is its own, not the script's.
    """

    rules: Any
    events: list[act.Event]
    content: list[ContentDecision] = field(default_factory=lambda: [allow()])
    policy: Callable[[act.AskContent], ContentDecision] | None = None
    access: AccessDecision = field(default_factory=lambda: AccessDecision(True, "", "default", "p1"))
    models: frozenset[str] = frozenset({"claude-sonnet-5-5"})
    view: SessionView = field(default_factory=lambda: SessionView(Pin("standard", "r1", "p1"), {}, {}, None))
    opened: Ticket = field(default_factory=lambda: ticket(State.PENDING))
    verdict: Ticket = field(default_factory=lambda: ticket(State.APPROVED))
    consumes: bool = True
    fail_at: dict[int, BaseException] = field(default_factory=dict)
    fail: dict[type, list[BaseException | None]] = field(default_factory=dict)
    principal: Principal | None = CALLER
    limits: Limits = field(default_factory=Limits)
    now: int = 1_000
    done: list[act.Action[Any]] = field(default_factory=list)
    error: BaseException | None = None

    def play(self) -> Playbook:
        """Run the exchange to its end; `error` holds what came out of it."""
        numbers = iter(range(1_000_000))
        exchange = Exchange(
            self.principal,
            "decision-1",
            self.limits,
            now_ms=lambda: self.now,
            new_id=lambda: f"id{next(numbers)}",
            id="ex_1",
            request_id="req_gw_1",
        )
        steps = exchange.run()
        try:
            action = next(steps)
            for number in range(10_000):
                self.done.append(action)
                try:
                    error = self.fail_at.get(number) or self._failure(action)
                    if error is not None:
                        raise error
                    answer = self._answer(action)
                except (GatewayError, MaskingError) as thrown:  # as the pump does
                    action = steps.throw(thrown)
                else:
                    action = steps.send(answer)
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001  what comes out is what the pump would abort on
            self.error = error
        return self

    def _failure(self, action: act.Action[Any]) -> BaseException | None:
        queue = self.fail.get(type(action))
        return queue.pop(0) if queue else None

    def _answer(self, action: act.Action[Any]) -> Any:
        match action:
            case act.Receive(within):
                if not self.events:
                    if within is not None and not any(isinstance(a, act.ReleaseResponse) and a.end for a in self.done):
                        raise AssertionError("the script ended before the exchange did")
                    raise act.CallerGone("script over")
                return [self.events.pop(0)]
            case act.ReadOutline(body):
                return outline(body)
            case act.OpenSession(_, _, endpoint, described, conditions):
                return KEYS, thread(KEYS, described, endpoint, conditions)
            case act.LoadSession():
                return self.view
            case act.PinSession(row):
                return row.pin
            case act.Mask():
                from masking.request import mask_request

                masked = mask_request(
                    action.body,
                    self.rules,
                    self.rules.profiles[action.profile or "standard"],
                    KEYS.masking,
                    new_units=action.new_units,
                    echoed=action.echoed,
                    memos=action.memos,
                )
                return act.Masked(masked, action.profile or "standard", action.rules_revision or "r1")
            case act.Unmasker(masked, profile):
                from masking.response import ResponseMasker

                return ResponseMasker(
                    self.rules, self.rules.profiles[profile], KEYS.masking, masked.memory, masked.restorations
                )
            case act.Unmask(masked, profile, _, _, body):
                from masking.response import ResponseMasker

                return ResponseMasker(
                    self.rules, self.rules.profiles[profile], KEYS.masking, masked.memory, masked.restorations
                ).message(body)
            case act.AskContent() if self.policy is not None:
                return self.policy(action)
            case act.AskContent():
                return self.content.pop(0) if len(self.content) > 1 else self.content[0]
            case act.AskModels(_, _, models):
                return ModelsDecision(frozenset(models) & self.models, "p1")
            case act.AskAccess():
                return self.access
            case act.SealingKey():
                return DataKey("dk_1", b"d" * 32)
            case act.OpenTicket():
                return self.opened
            case act.AwaitVerdict():
                return self.verdict
            case act.Consume():
                return self.consumes
        return None

    def of(self, kind: type) -> list[Any]:
        """Return the actions of this type, in order."""
        return [action for action in self.done if isinstance(action, kind)]

    def names(self) -> list[str]:
        """Return the story: the actions that matter to the outside, by name."""
        quiet = {
            "Receive",
            "ReadOutline",
            "OpenSession",
            "LoadSession",
            "Mask",
            "SealingKey",
            "Unmasker",
            "Unmask",
            "PinSession",
        }
        return [type(action).__name__ for action in self.done if type(action).__name__ not in quiet]

    def judged(self) -> dict[bytes, str | None]:
        """Return what counts as judged after this exchange, as the session store will say."""
        batches = [action.batch for action in self.done if isinstance(action, (act.Record, act.Consume))]
        return {row.digest: row.approval for batch in batches for row in batch.judged}

    def events_recorded(self) -> list[str]:
        """Return the kinds of audit events made durable, in order."""
        batches = [action.batch for action in self.done if isinstance(action, (act.Record, act.Consume))]
        return [event.kind for batch in batches for event in batch.events]

    def refusal(self) -> Any:
        """Return the one refusal."""
        (only,) = self.of(act.Refuse)
        return only.refusal


def pseudonym(identifier: str, value: str) -> str:
    """Return the placeholder of a value in the played session."""
    return Pseudonyms(KEYS.masking).placeholder(identifier, value)


def head(method: str, path: str, *, end: bool, **headers: str) -> act.RequestHead:
    pseudo = {":method": method, ":path": path, ":authority": "gateway"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return act.RequestHead(method, path, tuple({**pseudo, **given}.items()), end)


def answer(document: object, status: int = 200, kind: str = "application/json") -> list[act.Event]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = ((":status", str(status)), ("content-type", kind), ("set-cookie", "a=b"), ("request-id", "req_u"))
    return [act.ResponseHead(status, headers, False), act.Chunk(raw, False), act.Chunk(b"", True)]


def told(play: Playbook) -> dict[str, object]:
    """Return the JSON that the caller got."""
    return json.loads(b"".join(action.data for action in play.of(act.ReleaseResponse)))


def closing(play: Playbook) -> dict[str, object]:
    (event,) = [e for a in play.of(act.Record) for e in a.batch.events if e.kind == "exchange.closed"]
    return dict(event.header)
