"""What several files of these tests run under."""

from __future__ import annotations

import pytest

from masking import json_document, native


@pytest.fixture(params=["python", "native"])
def each_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every body in Python, then every body in native code."""
    if request.param == "native" and not native.is_native():
        pytest.skip("the native part was not built")
    monkeypatch.setattr(json_document, "SMALL", 1 << 30 if request.param == "python" else -1)
