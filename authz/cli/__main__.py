"""`python -m authz.cli`: the command `phigate` where its script is not installed."""

from authz.cli import main

main(prog_name="phigate")
