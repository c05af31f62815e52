"""The real stack for tests: `phigate up` in a state folder of its own, with a simulator that tests can question.

Everything listens on loopback. What a test starts it ends, by pid.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from authz.quickstart.ports import free as free_port

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 120
STOP_SECONDS = 15

UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE
"""For asking the simulator what reached it; what phigate verifies is tested with its own CA."""

CANARIES = {
    "ssn": "536-22-8145",
    "mrn": "00917264",
    "phone": "(212) 555-0187",
    "email": "maribel.okonkwo@example.org",
    "name": "Maribel Okonkwo",
    "dob": "03/14/1957",
}
"""Values that stand in prompts as PHI, and may stand nowhere else: not upstream, not in a log, not in a file."""

PROMPT = (
    "Patient: {name}, MRN: {mrn}, DOB: {dob}, SSN: {ssn}, phone {phone}, e-mail {email}. "
    "Please write a short follow-up note."
).format(**CANARIES)


def until(condition, seconds: float = 10.0, what: str = "condition") -> Any:
    """Return the condition's first true value; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f"not in {seconds} s: {what}")


def leaked(text: str | bytes) -> list[str]:
    """Return the names of the canaries that stand in the text."""
    raw = text.encode() if isinstance(text, str) else text
    return [name for name, value in CANARIES.items() if value.encode() in raw]


@dataclass
class Simulator:
    """A Claude simulator of the test's own; `requests()` is what reached it."""

    port: int
    process: subprocess.Popen
    tls: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        with urllib.request.urlopen(
            f"{self.url}/_sim/requests?after={after}", timeout=30, context=UNVERIFIED
        ) as answer:
            document = json.loads(answer.read())
        return document["requests"] if isinstance(document, dict) else document

    def bodies(self, after: int = 0) -> list[str]:
        return [request["body"] for request in self.requests(after)]


def start_simulator(*options: str) -> Simulator:
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "authz.quickstart.simulator",
            "--listen",
            f"127.0.0.1:{port}",
            "--api-key",
            "sk-ant-phigate-quickstart",
            *options,
        ],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )

    def accepts() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    until(accepts, 20, "the simulator accepts connections")
    return Simulator(port, process, "--tls-cert" in options)


def end(process: subprocess.Popen, number: int = signal.SIGTERM) -> int:
    """End a process we started and return its exit code."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return process.returncode


@dataclass
class Stack:
    """A running `phigate up`."""

    process: subprocess.Popen
    state: Path
    ready: dict[str, Any]
    simulator: Simulator
    errors: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return self.ready["base_url"]

    @property
    def admin_url(self) -> str:
        return self.ready["admin_url"]

    @property
    def pids(self) -> dict[str, int]:
        return self.ready["pids"]

    def phigate(self, *arguments: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess:
        """Run a `phigate` command as a user would."""
        done = subprocess.run(
            [sys.executable, "-m", "authz.cli", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            input=stdin,
            env={**os.environ, **self.extra},
        )
        if check and done.returncode != 0:
            pytest.fail(f"phigate {arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done

    def token(self, subject: str = "demo", *groups: str, ttl: str = "1h", service: bool = False) -> str:
        names = [part for group in (groups or ("clinicians",)) for part in ("--group", group)]
        more = ["--service"] if service else []
        return self.phigate(
            "token", "--state", str(self.state), "--subject", subject, *names, "--ttl", ttl, *more
        ).stdout.strip()

    def approvals(self, *arguments: str, token: str, check: bool = True) -> Any:
        done = self.phigate(
            "approvals", *arguments, "--state", str(self.state), "--token", token, "--json", check=check
        )
        return json.loads(done.stdout) if check else done

    def sessions(self, *arguments: str, token: str) -> Any:
        done = self.phigate("sessions", *arguments, "--state", str(self.state), "--token", token, "--json")
        return json.loads(done.stdout)

    def post(self, document: Any, token: str | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """POST /v1/messages without an SDK; return status, headers and body."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.base_url}/v1/messages", data=body, method="POST")
        for name, value in {"content-type": "application/json", "anthropic-version": "2023-06-01", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        if token is not None:
            request.add_header("x-api-key", token)
        try:
            with urllib.request.urlopen(request, timeout=280) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def logs(self) -> dict[str, bytes]:
        """Return everything that was written where an operator looks."""
        found = {path.name: path.read_bytes() for path in (self.state / "log").rglob("*") if path.is_file()}
        found["stderr"] = self.errors.read_bytes()
        return found

    def assert_no_canary(self) -> None:
        """Oracles U and L: no canary upstream, none in logs or in any file of the state folder in clear."""
        for request in self.simulator.requests():
            assert leaked(json.dumps(request)) == [], "upstream saw a canary"
        for name, text in self.logs().items():
            assert leaked(text) == [], f"canary in {name}"


def start_stack(
    folder: Path, *options: str, simulator: Simulator | None = None, env: dict[str, str] | None = None
) -> Stack:
    """Start `phigate up` and wait until it is ready."""
    simulator = simulator or start_simulator()
    state = folder / "state"
    errors = folder / "up.stderr"
    with errors.open("ab") as stderr:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "authz.cli",
                "up",
                "--json",
                "--state",
                str(state),
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
                "--upstream",
                simulator.url,
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    assert process.stdout is not None
    timer = time.monotonic() + START_SECONDS
    line = process.stdout.readline()
    if not line or time.monotonic() > timer:
        end(process)
        pytest.fail(f"phigate up did not start: {errors.read_text()[-3000:]}")
    return Stack(process, state, json.loads(line), simulator, errors)


def stop_stack(stack: Stack) -> int:
    """Stop a stack and its simulator; return the exit code of `phigate up`."""
    code = end(stack.process)
    end(stack.simulator.process)
    return code
