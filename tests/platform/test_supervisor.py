from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from authz.config import SOCKET_BYTES
from authz.lineage import children
from authz.quickstart.layout import Layout, StateRefused, tail
from authz.quickstart.parts import Part, Running, clean_environment
from authz.quickstart.watch import Asked, NotReady, PartEnded, Stopped, Watch


@pytest.fixture
def watch():
    made = Watch()
    yield made
    made.close()


@pytest.fixture
def running(tmp_path: Path):
    started: list[Running] = []

    def run(code: str, name: str = "part") -> Running:
        part = Running(Part(name, (sys.executable, "-c", code), tmp_path / f"{name}.log"))
        started.append(part)
        return part

    yield run
    for part in started:
        part.end()


def until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "condition did not come true in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# ---- watch


def test_the_end_of_a_part_wakes_the_watch(watch: Watch, running):
    """A part that ends ends the wait, with its name and, from the part, how it ended."""
    part = running("raise SystemExit(3)")
    watch.add("part", part.pid)
    with pytest.raises(PartEnded) as ended:
        watch.next(10)
    assert ended.value.name == "part"
    assert part.outcome() == "ended with exit code 3"


def test_a_killed_part_is_told_by_its_signal(watch: Watch, running):
    """A part that `kill -9` ended reads as such."""
    part = running("import time; time.sleep(60)")
    watch.add("part", part.pid)
    os.kill(part.pid, signal.SIGKILL)
    with pytest.raises(PartEnded):
        watch.next(10)
    assert part.outcome() == "was ended by SIGKILL"


def test_a_dropped_part_may_end(watch: Watch, running):
    """Nobody is told of the end of a part that was meant to end."""
    part = running("pass")
    watch.add("part", part.pid)
    watch.drop("part")
    until(lambda: gone(part.pid))
    assert watch.next(0.05) is None


@pytest.mark.parametrize(
    ("number", "asked"), [(signal.SIGTERM, Asked.STOP), (signal.SIGINT, Asked.STOP), (signal.SIGHUP, Asked.RELOAD)]
)
def test_signals_are_taken_at_the_next_wait(watch: Watch, number: signal.Signals, asked: Asked):
    """A signal interrupts nothing by itself, and is not lost."""
    os.kill(os.getpid(), number)
    assert watch.next(5) is asked
    assert watch.next(0) is None


def test_a_closed_terminal_asks_for_the_end():
    """SIGHUP from a terminal that went away means stop; SIGHUP while it is there means reload."""
    code = (
        "import fcntl, os, sys, termios; fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0);"
        "from authz.quickstart.watch import Watch; watch = Watch(); os.kill(os.getpid(), 1);"
        "print(watch.next(20).value, flush=True); print(watch.next(20).value, flush=True)"
    )
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(theirs)],
        stdout=subprocess.PIPE, text=True, start_new_session=True, pass_fds=[theirs],
    )  # fmt: skip
    os.close(theirs)
    assert child.stdout is not None
    assert child.stdout.readline() == "reload\n"
    os.close(ours)
    assert child.stdout.readline() == "stop\n"
    assert child.wait(10) == 0
    child.stdout.close()


def test_a_stop_interrupts_a_blocking_call(watch: Watch):
    """Inside `blocking`, SIGTERM ends a call that would wait for a minute; SIGHUP does not."""
    code = f"import os,time; time.sleep(0.2); os.kill({os.getpid()}, 1); time.sleep(0.1); os.kill({os.getpid()}, 15)"
    sender = subprocess.Popen([sys.executable, "-c", code])
    begun = time.monotonic()
    with pytest.raises(Stopped), watch.blocking():
        time.sleep(60)
    assert time.monotonic() - begun < 20
    sender.wait()


def test_a_stop_before_a_blocking_call_prevents_it(watch: Watch):
    """A signal that came just before is not slept over."""
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Stopped), watch.blocking():
        pytest.fail("must not be reached")


def test_waiting_has_a_deadline_and_names_the_part(watch: Watch):
    """A part that never becomes ready is an error with its name, not a hang."""
    with pytest.raises(NotReady, match="envoy was not ready within 0 s"):
        watch.until("envoy", lambda: False, 0.05)


def test_waiting_ends_with_a_signal_or_a_dead_part(watch: Watch, running):
    """While it waits for readiness it still hears signals and ends."""
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped):
        watch.until("x", lambda: False, 10)
    part = running("pass")
    watch.add("part", part.pid)
    with pytest.raises(PartEnded):
        watch.until("x", lambda: False, 10)


def test_closing_gives_the_signals_back():
    """After `close` the process has the handlers it had before."""
    before = signal.getsignal(signal.SIGTERM)
    Watch().close()
    assert signal.getsignal(signal.SIGTERM) == before


# ---- parts


def test_a_part_sees_a_clean_environment_and_writes_its_own_log(running, tmp_path: Path, monkeypatch):
    """Credentials in our environment do not reach a part; its output goes to a 0600 log, the previous one is kept."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    assert "canary" not in clean_environment().values()
    for text in ("first", "second"):
        part = running(f"import os; print({text!r}, 'canary' in os.environ.values())")
        assert part.code() == 0
    log = tmp_path / "part.log"
    assert tail(log) == "second False"
    assert tail(tmp_path / "part.log.1") == "first False"
    assert log.stat().st_mode & 0o777 == 0o600


def test_ending_a_part_takes_its_descendants(running, tmp_path: Path):
    """What a part left in its session dies with it."""
    file = tmp_path / "pid"
    code = (
        "import subprocess,sys;"
        f"p=subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)']);open({str(file)!r},'w').write(str(p.pid))"
    )
    part = running(code)
    assert part.code() == 0
    orphan = int(file.read_text())
    part.end()
    until(lambda: gone(orphan))


def test_parts_die_with_their_parent(tmp_path: Path):
    """A supervisor that is killed with SIGKILL leaves no part, not even one that ignores SIGHUP and SIGINT."""
    log = tmp_path / "part.log"
    code = (
        "import sys,time; from pathlib import Path; from authz.quickstart.parts import Part, Running;"
        f"r=Running(Part('p',(sys.executable,'-c','import time;time.sleep(60)'),Path({str(log)!r})));"
        "print(r.pid,flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert list(children(parent.pid)) == [child]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: gone(child))


def test_a_process_can_tie_itself_to_its_parent():
    """`die_with_parent` works from inside the child too, as the mask pool's children use it."""
    inner = (
        "from authz.lineage import die_with_parent; import os, time;"
        "die_with_parent(); print(os.getpid(), flush=True); time.sleep(60)"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: gone(child))


# ---- state directory


def test_a_state_directory_is_private_and_keeps_its_keys(tmp_path: Path):
    """Directories are 0700, keys 0600 and 32 bytes, and a second start finds the same keys."""
    layout = Layout.of(tmp_path / "state")
    layout.make()
    first = layout.key("root").read_bytes()
    layout.make()
    assert layout.key("root").read_bytes() == first
    assert len(first) == 32
    assert layout.key("kek").read_bytes() != first
    for directory in (layout.keys, layout.secrets, layout.logs):
        assert directory.stat().st_mode & 0o777 == 0o700
    for directory in (layout.root, layout.run):
        # As root, PostgreSQL's unprivileged user passes through; nobody can list.
        assert directory.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    assert layout.key("admin").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_refused(tmp_path: Path):
    """A key of the wrong length is never replaced: what it encrypted would be lost."""
    layout = Layout.of(tmp_path / "state")
    layout.make()
    layout.key("kek").write_bytes(b"short")
    with pytest.raises(StateRefused, match="holds 5 bytes"):
        layout.make()


def test_deep_state_directories_get_short_sockets(tmp_path: Path, monkeypatch):
    """Where a socket's path would be too long for Envoy, `run` is a link to a short directory of ours."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108
    layout = Layout.of(tmp_path / ("d" * 80) / "state")
    layout.make()
    try:
        assert len(os.fsencode(layout.socket(63))) <= SOCKET_BYTES
        assert (layout.root / "run").resolve() == layout.run
        assert not layout.run.stat().st_mode & 0o066
        layout.make()
    finally:
        layout.run.rmdir()


def test_a_runtime_directory_of_somebody_else_is_refused(tmp_path: Path, monkeypatch):
    """A directory that others can write to, prepared under the name we would use, is not used."""
    base = tmp_path / "r"
    base.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    layout = Layout.of(tmp_path / ("d" * 100) / "state")
    layout.run.mkdir()
    layout.run.chmod(0o777)
    with pytest.raises(StateRefused, match="only you can read"):
        layout.make()


def test_one_stack_a_state_directory(tmp_path: Path):
    """A second stack on the same directory is refused until the first has gone."""
    layout = Layout.of(tmp_path / "state")
    held = layout.lock()
    with pytest.raises(StateRefused, match="already runs"):
        layout.lock()
    os.close(held)
    os.close(layout.lock())


def test_stale_sockets_are_removed(tmp_path: Path):
    """Sockets that a killed stack left do not disturb the next."""
    layout = Layout.of(tmp_path / "state")
    layout.make()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(layout.socket(0)))
    layout.make()
    assert not layout.socket(0).exists()
