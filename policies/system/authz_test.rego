package system.authz_test

import data.system.authz

asked(method, path, params) := allow if {
	allow := authz.allow with input as {"method": method, "path": path, "params": params}
}

test_the_four_questions if {
	every room in ["access", "content", "models", "admin"] {
		asked("POST", ["v1", "data", "phigate", room, "decision"], {})
		asked("POST", ["v1", "data", "phigate", room, "decision"], {"provenance": ["true"]})
	}
}

test_health_and_metrics if {
	asked("GET", ["health"], {"bundles": ["true"]})
	asked("GET", ["metrics"], {})
}

test_everything_else_is_closed if {
	every call in [
		["PUT", ["v1", "policies", "phigate"]],
		["GET", ["v1", "policies"]],
		["PUT", ["v1", "data", "phigate", "site"]],
		["PATCH", ["v1", "data", "phigate", "site"]],
		["GET", ["v1", "data", "phigate", "site"]],
		["GET", ["v1", "data", "phigate", "access", "decision"]],
		["POST", ["v1", "data"]],
		["POST", ["v1", "data", "phigate", "access"]],
		["POST", ["v1", "data", "phigate", "access", "decision", "allow"]],
		["POST", ["v1", "query"]],
		["POST", ["v1", "compile"]],
		["GET", ["v1", "config"]],
		["POST", ["v0", "data", "phigate", "access", "decision"]],
		["POST", []],
		["POST", ["health"]],
	] {
		not asked(call[0], call[1], {})
	}
}

test_explanations_are_closed if {
	not asked("POST", ["v1", "data", "phigate", "access", "decision"], {"explain": ["full"]})
}
