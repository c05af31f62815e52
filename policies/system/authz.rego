# METADATA
# title: What OPA's own HTTP interface answers
# description: |
#   Four questions, health and metrics. Everything that writes, explains, lists or runs a query is closed, whoever asks
#   on loopback; OPA needs `--authorization=basic` to read this.
# scope: package
# schemas:
#   - input: schema.authz
package system.authz

default allow := false

allow if {
	input.method == "POST"
	input.path in {["v1", "data", "phigate", room, "decision"] | some room in ["access", "content", "models", "admin"]}
	every name, _ in input.params {
		name == "provenance"
	}
}

allow if {
	input.method == "GET"
	input.path in {["health"], ["metrics"]}
}
