"""Where the files that are not Python lie: beside the packages in a checkout, inside the wheel once installed.

Nothing here reads them; a room that needs one is given its path.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _assets(name: str) -> Path:
    installed = _PACKAGE / "_assets" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def policies_dir() -> Path:
    """Return the directory of the shipped policies: Rego, recognizer rules, profiles and site data."""
    return _assets("policies")


def envoy_dir() -> Path:
    """Return the directory of the shipped Envoy configuration."""
    return _assets("envoy")
