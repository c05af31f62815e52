"""One target under Atheris in this process: `python -m fuzz.one TARGET [libFuzzer's options and files]`."""

from __future__ import annotations

import importlib
import sys

TARGETS = {"json": "fuzz.json_body", "sse": "fuzz.sse", "text": "fuzz.text", "request": "fuzz.request_body"}


def main() -> None:
    """Run a target; libFuzzer ends the process."""
    import atheris

    _, target, *options = sys.argv
    with atheris.instrument_imports(include=["masking"]):
        module = importlib.import_module(TARGETS[target])
    atheris.Setup([target, *options], module.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
