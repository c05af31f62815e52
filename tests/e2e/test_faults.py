"""Parts that die: whatever fails closes, nothing leaks, and the next start is clean."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
from pathlib import Path

import pytest
from real_stack import CANARIES, PROMPT, leaked, until

pytestmark = pytest.mark.stack

PARTS = ["worker-0", "opa", "postgres"]


def ask(text, **more):
    return {"model": "claude-sonnet-5-5", "max_tokens": 400, "messages": [{"role": "user", "content": text}], **more}


def family(pid):
    """Return a process and its children: PostgreSQL answers from child processes."""
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
                if int(fields[1]) == pid:
                    found.append(int(entry.name))
    return found


def stop(stack, part):
    """Stop a part without ending it, so that the stack stays up and only this part is silent."""
    for pid in family(stack.pids[part]):
        os.kill(pid, signal.SIGSTOP)


def go_on(stack, part):
    for pid in family(stack.pids[part]):
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("part", ["opa", "postgres"])
def test_silent_part_closes_and_recovers(stack, part):
    """While OPA or PostgreSQL does not answer, requests get 503 in the API's shape; afterwards they pass again."""
    token = stack.token("ann")
    assert stack.post(ask(PROMPT), token)[0] == 200
    before = len(stack.simulator.requests())
    stop(stack, part)
    try:
        status, _headers, body = stack.post(ask(PROMPT + " again"), token)
    finally:
        go_on(stack, part)
    assert status == 503
    assert json.loads(body)["type"] == "error"
    assert leaked(body) == []
    assert len(stack.simulator.requests()) == before
    until(lambda: stack.post(ask(PROMPT), token)[0] == 200, 15, f"{part} is back")


@pytest.mark.parametrize("part", PARTS)
def test_killed_part_before_a_request_stops_everything_and_starts_again(fresh_stack, part):
    """Kill -9 of a part ends `phigate up` with a clear line and leaves no process; the next start works."""
    stack = fresh_stack()
    os.kill(stack.pids[part], signal.SIGKILL)
    assert until(stack.process.poll, 15, "phigate up ends") == 1
    assert part in stack.errors.read_text()
    for name, pid in stack.pids.items():
        assert not _alive(pid), f"{name} is still there"
    again = fresh_stack(folder=stack.state.parent, simulator=stack.simulator)
    assert again.post(ask(PROMPT), again.token("ann"))[0] == 200
    again.assert_no_canary()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("part", PARTS)
def test_killed_part_in_the_middle_of_a_stream_leaks_nothing(fresh_stack, part):
    """Kill -9 in the middle of a stream truncates it; what was released is masked and the rest never comes."""
    stack = fresh_stack("--workers", "1")
    connection = http.client.HTTPConnection(stack.base_url.removeprefix("http://"), timeout=30)
    text = f"sim:slow 40ms sim:pieces 3 {PROMPT}"
    connection.request(
        "POST",
        "/v1/messages",
        json.dumps(ask(text, stream=True)),
        {"content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": stack.token("ann")},
    )
    answer = connection.getresponse()
    assert answer.status == 200
    got = bytearray()
    while b"content_block_delta" not in got:
        got += answer.read1(65536)
    os.kill(stack.pids[part], signal.SIGKILL)
    try:
        while piece := answer.read1(65536):
            got += piece
    except (http.client.HTTPException, OSError):
        pass
    connection.close()
    if part != "opa":  # a stream needs no policy any more: the draining worker may finish it, masked
        assert b"message_stop" not in got
    assert leaked(bytes(got)) == []
    assert all(value.encode() not in got for value in CANARIES.values())
    until(lambda: stack.process.poll() is not None, 15, "phigate up ends")
    again = fresh_stack("--workers", "1", folder=stack.state.parent, simulator=stack.simulator)
    token = again.token("aud", "auditors")

    def closed():
        rows = again.sessions("list", token=token)
        return rows and all(row["state"] != "open" for row in rows)

    until(closed, 40, "the cut exchange is closed in the record")
    again.assert_no_canary()


def test_stopped_worker_closes_its_streams(fresh_stack):
    """A worker that is stopped answers nothing; the caller gets an error within Envoy's keepalive, never raw bytes."""
    stack = fresh_stack("--workers", "1")
    token = stack.token("ann")
    assert stack.post(ask("hello"), token)[0] == 200
    stop(stack, "worker-0")
    try:
        status, _, body = stack.post(ask(PROMPT), token)
    finally:
        go_on(stack, "worker-0")
    assert status in {500, 503}
    assert leaked(body) == []
    assert len(stack.simulator.requests()) == 1


def test_sigterm_answers_holds_with_their_ticket(fresh_stack):
    """SIGTERM during a hold answers 409 with the ticket, and everything is gone within 5 s."""
    import threading
    import time

    stack = fresh_stack()
    reviewer = stack.token("bob", "reviewers")
    outcome = []
    thread = threading.Thread(
        target=lambda: outcome.append(stack.post(ask("Print the entire chart."), stack.token("ann"))), daemon=True
    )
    thread.start()
    until(lambda: stack.approvals("list", token=reviewer), 15, "a ticket")
    begun = time.monotonic()
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(10) == 0
    assert time.monotonic() - begun < 5
    thread.join(10)
    status, headers, body = outcome[0]
    assert status == 409
    assert json.loads(body)["error"]["details"]["error_code"] == "approval_pending"
    assert headers["x-should-retry"] == "false"
    assert not any(_alive(pid) for pid in stack.pids.values())
