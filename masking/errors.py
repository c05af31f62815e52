"""Every way in which masking says no. An error never carries text of the body it was looking at.

Each error knows the HTTP status, stable `error_code` and fixed public text that a gateway may answer with; `str(error)`
adds at most positions, reasons from a fixed list, and names of rules.
"""

from __future__ import annotations

from functools import partial


class MaskingError(Exception):
    """Masking could not be carried out on this text, so the text must not travel; the root of masking's errors."""

    status: int = 500
    error_code: str = "masking_fault"
    public: str = "The text could not be inspected. Nothing was sent on."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.public)


class TextRefused(MaskingError):
    """The text holds lone surrogates: it has no UTF-8 form and RE2 cannot read it."""

    status = 400
    error_code = "invalid_text"
    public = "The text holds characters that are not valid Unicode."


class RuleError(MaskingError):
    """A rule file is not usable. Names file, rule and line (counted from 1), never text under inspection."""

    status = 500
    error_code = "invalid_rules"
    public = "The masking rules are not usable."

    def __init__(self, file: str, problem: str, *, rule: str = "", line: int = 0) -> None:
        where = file + (f":{line}" if line else "") + (f": rule {rule}" if rule else "")
        super().__init__(f"{where}: {problem}")
        self.file = file
        self.rule = rule
        self.line = line
        self.problem = problem

    def __reduce__(self) -> tuple[partial[RuleError], tuple[str, str]]:
        """Travel between processes whole: rules may be read in another one."""
        return partial(type(self), rule=self.rule, line=self.line), (self.file, self.problem)


class JsonRefused(MaskingError):
    """The body is not strict JSON (RFC 8259 and I-JSON). `reason` is a short constant, `offset` a byte offset."""

    status = 400
    error_code = "invalid_json"
    public = "The body is not valid JSON."

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset

    def __reduce__(self) -> tuple[type[JsonRefused], tuple[str, int]]:
        """Travel between processes whole: a body may be read in another one."""
        return type(self), (self.reason, self.offset)


class BodyRefused(MaskingError):
    """The body is JSON, but not a Messages request whose every text could be found."""

    status = 400
    error_code = "invalid_request"
    public = "The body is not a Messages request that can be inspected."


class StreamRefused(MaskingError):
    """Upstream's stream violates a cap, UTF-8 or the grammar of server-sent events."""

    status = 502
    error_code = "invalid_upstream_stream"
    public = "The upstream response could not be inspected."
