"""Fixtures of the exchange's transcripts."""

from __future__ import annotations

import pytest

from authz.assets import policies_dir
from authz.rule_shelf import read_rule_files


@pytest.fixture(scope="session")
def rules():
    return read_rule_files(policies_dir())
