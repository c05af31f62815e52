"""Addresses to listen on: what is taken is one clear line, and what is free stays free until somebody listens."""

from __future__ import annotations

import socket

import pytest

from authz.quickstart import ports


def test_a_taken_port_names_its_option():
    """The line says which option to change and which port is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortTaken, match=f"--admin-listen: port {port} on 127.0.0.1 is taken"):
            ports.check("--admin-listen", f"127.0.0.1:{port}")
        assert ports.answers("127.0.0.1", port)


def test_port_zero_becomes_a_free_port():
    """Port 0 asks for any free one."""
    address = ports.check("--listen", "127.0.0.1:0")
    assert ports.check("--listen", address) == address


def test_a_free_port_is_none_that_connections_are_given(monkeypatch, tmp_path):
    """What is drawn for a listener that comes up seconds later lies below the kernel's range; a held one is not drawn."""
    of_the_kernel = tmp_path / "ip_local_port_range"
    with socket.socket() as held:
        held.bind(("127.0.0.1", ports.free()))
        port = held.getsockname()[1]
        monkeypatch.setattr(ports, "_HANDED_OUT", of_the_kernel)
        monkeypatch.setattr(ports, "_LOWEST", port)
        of_the_kernel.write_text(f"{port + 200}\t60999\n")
        drawn = {ports.free() for _ in range(300)}
        assert port not in drawn
        assert min(drawn) > port
        assert max(drawn) < port + 200
        of_the_kernel.write_text(f"{port}\t60999\n")
        assert ports.check("--listen", f"127.0.0.1:{ports.free()}")  # no room below: any that is free


def test_an_address_of_another_machine_is_refused():
    """An address that this machine does not have is a clear line too."""
    with pytest.raises(ports.PortTaken, match=r"--listen: cannot listen on 192\.0\.2\.1:8080"):
        ports.check("--listen", "192.0.2.1:8080")
