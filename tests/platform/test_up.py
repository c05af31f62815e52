"""The real command: `phigate up` with real Envoy, OPA and PostgreSQL, started as a user starts it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from authz.lineage import children

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180
PARTS = {"postgres", "idp", "simulator", "opa", "worker-0", "envoy"}


class Up:
    """A `phigate up` of a test's own; `ready` is the JSON line it printed."""

    def __init__(self, state: Path, *options: str, **settings: str) -> None:
        command = [sys.executable, "-m", "authz.cli", "up", "--state", str(state), "--workers", "1", "--json"]
        defaults = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
        environment = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"} | settings
        self.process = subprocess.Popen(
            [*command, *defaults, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self.ready: dict = {}

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)

    def until_ready(self) -> dict:
        assert self.process.stdout is not None
        guard = threading.Timer(READY_SECONDS, self.process.kill)
        guard.start()
        line = self.process.stdout.readline()
        guard.cancel()
        assert line, "phigate up did not become ready:\n" + "".join(self.errors)
        self.ready = json.loads(line)
        return self.ready

    def end(self, number: signal.Signals, seconds: float) -> int:
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture(scope="module")
def state():
    """One state directory for the module, so that initdb runs once; no two stacks use it at a time."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-up-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as somebody who has to get to its folder
    yield folder / "state"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def up(state: Path):
    started: list[Up] = []

    def start(*options: str, where: Path | None = None, **settings: str) -> Up:
        started.append(Up(where or state, *options, **settings))
        return started[-1]

    yield start
    for one in started:
        one.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def of_state(state: Path) -> list[str]:
    """Return the command lines of processes that mention the state directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(state) in line and alive(int(entry.name)):
                    found.append(line)
    return found


def family(pid: int) -> list[int]:
    """Return all descendants of a process."""
    return [each for child in children(pid) for each in (child, *family(child))]


def nothing_left(ready: dict, state: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    left: list = []
    while time.monotonic() < deadline:
        left = [name for name, pid in ready["pids"].items() if alive(pid)] + of_state(state)
        if not left:
            return
        time.sleep(0.02)
    pytest.fail(f"still running: {left}")


def ask(url: str, token: str | None, body: dict) -> tuple[int, dict]:
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url + "/v1/messages", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


MESSAGE = {"model": "claude-sonnet-5-5", "max_tokens": 32, "messages": [{"role": "user", "content": "Good morning."}]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_says_one_line_serves_and_ends_within_five_seconds(up, state: Path, number: signal.Signals):
    """One JSON line with everything a script needs, a request that is answered, and an end that leaves no process."""
    one = up()
    ready = one.until_ready()
    assert {"base_url", "admin_url", "token", "pids"} <= ready.keys()
    assert set(ready["pids"]) == PARTS
    assert all(alive(pid) for pid in ready["pids"].values())
    recorded = json.loads((state / "up.json").read_text())
    assert "token" not in recorded
    assert recorded["base_url"] == ready["base_url"]
    assert ask(ready["base_url"], None, MESSAGE)[0] == 401
    status, answer = ask(ready["base_url"], ready["token"], MESSAGE)
    assert (status, answer["type"]) == (200, "message")
    assert (state / "postgres" / "cluster" / "PG_VERSION").exists()
    begun = time.monotonic()
    assert one.end(number, 10) == 0
    assert time.monotonic() - begun < 5
    nothing_left(ready, state, 0.5)
    assert one.process.stdout.read() == ""
    assert not (state / "up.json").exists()


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_that_dies_ends_the_stack(up, state: Path, part: str):
    """Half a gateway is none: kill -9 of any part ends all, with one line that names the part and its log."""
    one = up()
    ready = one.until_ready()
    os.kill(ready["pids"][part], signal.SIGKILL)
    assert one.wait(10) == 1
    nothing_left(ready, state, 1)
    last = one.errors[-1]
    assert last.startswith(f"phigate: {part} ")
    assert str(state / "log" / f"{part}.log") in last


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_is_clean(up, state: Path):
    """The supervisor dies by SIGKILL: every part follows by itself, and the same state directory starts again."""
    one = up(PHIGATE_WORKER__HEAVY_BODY_BYTES="1")  # so that a worker has a mask pool with a child of its own
    ready = one.until_ready()
    assert ask(ready["base_url"], ready["token"], MESSAGE)[0] == 200
    descendants = family(one.process.pid)
    assert any(children(ready["pids"]["worker-0"]))
    one.process.kill()
    one.process.wait()
    nothing_left({"pids": {**ready["pids"], **{str(pid): pid for pid in descendants}}}, state, 5)
    two = up()
    again = two.until_ready()
    assert again["issuer"] == ready["issuer"]
    assert ask(again["base_url"], ready["token"], MESSAGE)[0] == 200
    assert two.end(signal.SIGTERM, 10) == 0


def test_one_stack_a_state_directory(up, state: Path):
    """A second `up` on the same state directory is refused in one line and disturbs nothing."""
    one = up()
    ready = one.until_ready()
    two = up()
    assert two.wait(30) == 1
    assert "already runs" in two.errors[-1]
    assert ask(ready["base_url"], ready["token"], MESSAGE)[0] == 200


@pytest.mark.parametrize("option", ["--listen", "--admin-listen"])
def test_a_taken_port_is_one_line(up, tmp_path: Path, option: str):
    """A taken port ends the start at once, names the option and the port, and starts nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one = up(option, f"127.0.0.1:{port}", where=tmp_path / "state")
        assert one.wait(30) == 1
        assert one.errors[-1].startswith(f"phigate: {option}: port {port} on 127.0.0.1 is taken")
        assert one.process.stdout.read() == ""
    assert not (tmp_path / "state" / "log").exists()


def test_a_stop_during_the_start_leaves_nothing(up, tmp_path: Path):
    """SIGTERM while parts are still starting ends within 5 s too, and leaves no process."""
    one = up(where=tmp_path / "state")
    deadline = time.monotonic() + 60
    while not any("postgres" in line for line in one.errors):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    begun = time.monotonic()
    assert one.end(signal.SIGTERM, 10) == 0
    assert time.monotonic() - begun < 5
    nothing_left({"pids": {}}, tmp_path / "state", 1)
    assert one.process.stdout.read() == ""


def test_reload_takes_good_policies_and_keeps_the_old_for_broken_ones(up, state: Path, tmp_path: Path):
    """SIGHUP with a broken policy is one clear line and nothing changes; with a good one the new revision is said."""
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    one = up("--policies", str(policies))
    ready = one.until_ready()
    extra = policies / "phigate" / "extra.rego"

    def said(words: str) -> bool:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if any(words in line for line in one.errors):
                return True
            time.sleep(0.02)
        return False

    extra.write_text("package phigate.extra\n\nbroken if {\n")
    one.process.send_signal(signal.SIGHUP)
    assert said("reload refused, the old policies and rules stay"), one.errors
    assert ask(ready["base_url"], ready["token"], MESSAGE)[0] == 200
    extra.unlink()
    broken_rule = policies / "triggers.yaml"
    good = broken_rule.read_text()
    broken_rule.write_text("- nonsense: [")
    one.errors.clear()
    one.process.send_signal(signal.SIGHUP)
    assert said("reload refused, the old policies and rules stay"), one.errors
    broken_rule.write_text(good)
    one.process.send_signal(signal.SIGHUP)
    assert said("reloaded, policy revision"), one.errors
    deadline = time.monotonic() + 30
    while (status := ask(ready["base_url"], ready["token"], MESSAGE)[0]) != 200:
        # A worker that compiles its new rules may be late for a moment: then it is closed, never open.
        assert status == 503
        assert time.monotonic() < deadline


def test_wrong_options_are_all_named(up, tmp_path: Path):
    """Wrong options end with exit code 2, one line each, and nothing is started."""
    one = up("--upstream", "https://claude.invalid", "--issuer", "x", where=tmp_path / "state")
    assert one.wait(30) == 2
    assert [line.split(":")[1].strip() for line in one.errors] == ["ANTHROPIC_API_KEY", "--jwks-uri"]
