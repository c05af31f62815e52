"""phigate's service: who is calling, whether they may, what is in the body, who has to agree, and the record of it.

The rooms of this package import downwards only (docs/architecture.md): the command line and the quickstart stand on the
server, the server on the gRPC servicers, those on the stores and the policy client, those on the sans-IO exchange, and
that on the pure rooms and on `masking`.
"""
