"""The whole stack on one machine, from one command: every part real, all of them on loopback.

The supervisor starts PostgreSQL, a development identity provider, a Claude simulator, OPA, the workers and Envoy, and
none of them outlives it. Nothing in the service imports this package.
"""
