"""What a run says: tables for people, with the aims beside the figures, or one JSON object. Nothing passes or fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.report import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.detection_fhir import LeafScore
    from bench.detection_score import Score, Tally
    from bench.detection_speed import Readiness, Speed

CLINICAL = "cover >= 99.5, negatives <= 8, others <= 0.5"
AIMS = {
    "asq": CLINICAL,
    "presidio": "cover >= 93, precision >= 90",
    "prompts": CLINICAL,
    "unseen": "NAME >= 96",
    "handoffs": "cover >= 98.5",
    "signouts": "cover >= 98.5",
    "lower": "cover >= 90",
    "international": "cover >= 93, precision >= 90",
}
"""Aims by the beginning of a set's name, in per cent."""
CLEAN_AIM, DENSE_AIM = 10.0, 5.0


@dataclass(frozen=True, slots=True)
class Evaded:
    """Recall of the values that one evasion changed, before and after."""

    name: str
    plain: Tally
    evaded: Tally
    aim: float

    @property
    def ratio(self) -> float:
        """Recall after, as a share of recall before."""
        return self.evaded.recall / self.plain.recall if self.plain.covered else 1.0


@dataclass(slots=True)
class Found:
    """Everything one run found."""

    revision: str
    names: str
    scores: dict[str, Score] = field(default_factory=dict)
    streamed: dict[str, tuple[int, int]] = field(default_factory=dict)
    leaves: list[LeafScore] = field(default_factory=list)
    evasions: list[Evaded] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    ready: Readiness | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain values; no text of any document."""
        return {
            "revision": self.revision,
            "names": self.names,
            "sets": {name: _set(score, self.streamed.get(name)) for name, score in self.scores.items()},
            "fhir": [
                {
                    "form": score.form,
                    "identifiers": _tallies(score.identifiers),
                    "others": score.others,
                    "others_touched": score.others_touched,
                    "missed": score.missed,
                    "touched": score.touched_keys,
                }
                for score in self.leaves
            ],
            "evasions": {
                row.name: {
                    "values": row.plain.gold,
                    "plain": row.plain.recall,
                    "evaded": row.evaded.recall,
                    "ratio": row.ratio,
                    "aim": row.aim,
                }
                for row in self.evasions
            },
            "speed": {
                row.name: {"bytes": row.size, "whole": row.whole, "stream": row.stream}
                | {"plain_re2": row.plain_re2, "plain_re": row.plain_re}
                for row in self.speeds
            },
            "ready": self.ready and {"seconds": self.ready.seconds, "megabytes": self.ready.megabytes},
        }


def _set(score: Score, streamed: tuple[int, int] | None) -> dict[str, Any]:
    return {
        "documents": score.documents,
        "cover": score.all.recall,
        "overlap": score.all.overlap,
        "precision": score.precision,
        "negatives": score.negatives,
        "negatives_touched": score.negatives_touched,
        "tokens": score.tokens,
        "others_masked": score.others_masked,
        "streamed_same": streamed and streamed[0],
        "streamed": streamed and streamed[1],
        "identifiers": _tallies(score.identifiers),
        "kinds": _tallies(score.kinds),
    }


def _tallies(tallies: dict[str, Tally]) -> dict[str, Any]:
    return {
        name: {"gold": tally.gold, "recall": tally.recall, "overlap": tally.overlap}
        for name, tally in sorted(tallies.items())
    }


def percent(share: float, digits: int = 1) -> str:
    """Return a share in per cent, rounded down: 99.96 % is not 100 %."""
    scale = 10**digits
    return f"{int(share * 100 * scale + 1e-9) / scale:.{digits}f}"


def text(found: Found) -> str:
    """Return the tables."""
    parts = [f"detection: names {found.names}, rules {found.revision}; shares in per cent"]
    if found.scores:
        parts += [_sets(found), "recall (full cover) by identifier, worst first:", _identifiers(found.scores)]
    if found.leaves:
        parts.append(_leaves(found.leaves))
    if found.evasions:
        parts.append(_evasions(found.evasions))
    if found.speeds:
        parts.append(_speeds(found.speeds))
    if found.ready:
        parts.append(
            f"ready in {found.ready.seconds:.2f} s (aim < 1), rules take {found.ready.megabytes:.0f} MB (aim < 150)"
        )
    return "\n\n".join(parts)


def _aim(name: str) -> str:
    return next((aim for prefix, aim in AIMS.items() if name.removeprefix("synthetic ").startswith(prefix)), "")


def _sets(found: Found) -> str:
    lines = []
    for name, score in found.scores.items():
        same = found.streamed.get(name)
        negatives = f"{percent(score.negatives_touched)} of {score.negatives}" if score.negatives else "-"
        lines.append(
            (
                name,
                str(score.documents),
                str(score.all.gold),
                percent(score.all.recall),
                percent(score.all.overlap),
                percent(score.precision),
                negatives,
                percent(score.others_masked, 2),
                "-" if same is None else "same" if same[0] == same[1] else f"{same[1] - same[0]} DIFFER",
                _aim(name),
            )
        )
    heads = ("set", "docs", "values", "cover", "overlap", "precision", "negatives", "others", "streamed", "aim")
    return table(heads, lines)


def _identifiers(scores: dict[str, Score]) -> str:
    lines = []
    for name, score in scores.items():
        lines.append(f"  {name}: " + _worst(score.identifiers))
        poor = {kind: tally for kind, tally in score.kinds.items() if " " in kind and tally.covered < tally.gold}
        if poor:
            lines.append("    kinds: " + _worst(poor))
    return "\n".join(lines)


def _worst(tallies: dict[str, Tally]) -> str:
    order = sorted(tallies.items(), key=lambda item: (item[1].recall, item[0]))
    return " · ".join(f"{name} {percent(tally.recall)} of {tally.gold}" for name, tally in order)


def _leaves(scores: Iterable[LeafScore]) -> str:
    lines = []
    for score in scores:
        lines.append(f"FHIR, {score.form} (aim: every labelled leaf, others <= 2):")
        lines.append(f"  {_worst(score.identifiers)}")
        lines.append(f"  other leaves touched: {percent(score.others_touched, 2)} of {score.others}")
        for what, keys in (("missed", score.missed), ("touched", score.touched_keys)):
            most = sorted(keys.items(), key=lambda item: -item[1])[:8]
            if most:
                lines.append(f"  {what}: " + " · ".join(f"{key} {count}" for key, count in most))
    return "\n".join(lines)


def _evasions(rows: Iterable[Evaded]) -> str:
    lines = [
        (
            row.name,
            str(row.plain.gold),
            percent(row.plain.recall),
            percent(row.evaded.recall),
            f"{row.ratio:.3f}",
            f">= {row.aim:.2f}",
        )
        for row in rows
    ]
    return table(("evasion", "values", "plain", "evaded", "ratio", "aim"), lines)


def _speeds(rows: Iterable[Speed]) -> str:
    lines = []
    for row in rows:
        aim = CLEAN_AIM if "clean" in row.name else DENSE_AIM if "dense" in row.name else None
        lines.append(
            (
                row.name,
                f"{row.size / 1000:.0f} KB",
                f"{row.whole:.2f}",
                f"{row.stream:.2f}",
                f"{row.plain_re2:.1f}",
                f"{row.plain_re:.2f}",
                f"{row.whole / row.plain_re2:.3f}",
                f"{row.whole / row.plain_re:.2f}",
                f">= {aim:.0f}" if aim else "",
            )
        )
    heads = ("MB/s, one core", "text", "whole", "stream", "plain RE2", "plain re", "of RE2", "of re", "aim")
    return table(heads, lines)
