"""Measurements of the gateway: printed, never asserted.

`python -m bench` puts the same load through three configurations of the same Envoy, in turns within one run: `plain`
(no filter but the router), `no-op` (ext_authz and ext_proc servicers that do nothing, on grpc.aio in two workers) and
`phigate` (what `phigate up` starts). What the gateway costs is a ratio between them, because absolute numbers belong to
a machine and its neighbours.
"""
