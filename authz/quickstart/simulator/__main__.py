"""`python -m authz.quickstart.simulator`: the simulator as a process in the foreground."""

from __future__ import annotations

import argparse
import contextlib
import ssl
import sys
from pathlib import Path

from authz.quickstart.foreground import Address, serve
from authz.quickstart.simulator.journal import Journal
from authz.quickstart.simulator.server import DEFAULT_API_KEY, DEFAULT_MODELS, Settings, application
from authz.quickstart.simulator.signatures import DEFAULT_KEY


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator; return its exit code."""
    parser = argparse.ArgumentParser(prog="simulator", description="A Claude simulator for phigate's quickstart.")
    parser.add_argument("--listen", type=Address.parse, required=True, metavar="HOST:PORT")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="PEM chain; with --tls-key the listener is TLS")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    parser.add_argument("--api-key", default=DEFAULT_API_KEY, help="the only x-api-key accepted (default: %(default)s)")
    parser.add_argument("--models", default=",".join(DEFAULT_MODELS), help="the models it lists, comma between")
    parser.add_argument("--key", help="text that keys the thinking signatures (default: a constant)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append a JSON line for each request received")
    options = parser.parse_args(arguments)
    if (options.tls_cert is None) != (options.tls_key is None):
        parser.error("--tls-cert and --tls-key go together")
    tls = None
    with contextlib.ExitStack() as files:
        try:
            if options.tls_cert is not None:
                tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                tls.load_cert_chain(options.tls_cert, options.tls_key)
            record = files.enter_context(options.record.open("ab")) if options.record is not None else None
        except OSError as error:  # ssl.SSLError is one
            parser.error(f"a file cannot be used: {error}")
        settings = Settings(
            api_key=options.api_key,
            models=tuple(name for name in options.models.split(",") if name),
            signing_key=options.key.encode() if options.key else DEFAULT_KEY,
        )
        return serve("simulator", application(settings, Journal(record)), options.listen, tls)


if __name__ == "__main__":
    sys.exit(main())
