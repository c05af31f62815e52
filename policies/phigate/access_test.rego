package phigate.access_test

import data.phigate.access
import data.phigate.fixtures_test as given

answered(document) := decision if {
	decision := access.decision with input as document with data.phigate.site as given.site
}

test_clinician_may_post_messages if {
	answered(given.messages) == {"allow": true, "reason": "allowed", "connection": "default"}
}

test_every_open_endpoint if {
	every endpoint in given.site.endpoints {
		http := {"method": endpoint.method, "path": replace(endpoint.path, "{id}", "claude-a")}
		answered(object.union(given.messages, {"attributes": {"request": {"http": http}}})).allow
	}
}

test_other_endpoints_are_closed if {
	every http in [
		{"method": "GET", "path": "/v1/messages"},
		{"method": "POST", "path": "/v1/messages/"},
		{"method": "POST", "path": "/v1/messages/batches"},
		{"method": "POST", "path": ""},
		{"method": null, "path": null},
		{"method": "GET", "path": null},
		{"method": "GET", "path": "/v1/models/"},
		{"method": "GET", "path": "/v1/models/claude-a/x"},
		{"method": "GET", "path": "/v1/model"},
		{"method": "GET", "path": "x/v1/models/claude-a"},
		{"method": "POST", "path": "/v1/models/claude-a"},
	] {
		decision := answered(object.union(given.messages, {"attributes": {"request": {"http": http}}}))
		decision == {"allow": false, "reason": "endpoint_not_allowed", "connection": ""}
	}
}

test_strangers_are_denied if {
	decision := answered(object.union(given.messages, {"principal": given.stranger}))
	decision == {"allow": false, "reason": "caller_not_allowed", "connection": ""}
}

test_malformed_principals_are_denied if {
	every patch in [
		{"kind": "robot"},
		{"kind": null},
		{"tenant": ""},
		{"issuer": 7},
		{"subject": null},
		{"groups": {"a": "clinicians"}},
	] {
		not answered(object.union(given.messages, {"principal": patch})).allow
	}
}

test_nothing_given_is_denied if {
	not answered({}).allow
	not answered(null).allow
	not answered("allow").allow
	not access.decision.allow with input as given.messages with data.phigate.site as {}
}

test_without_a_connection_the_answer_is_still_whole if {
	site := json.remove(given.site, ["default_connection"])
	decision := access.decision with input as given.messages with data.phigate.site as site
	decision == {"allow": false, "reason": "policy_incomplete", "connection": ""}
}

test_the_first_connection_rule_that_names_the_caller_wins if {
	rules := [
		{"groups": ["visitors"], "connection": "never"},
		{"subjects": ["ana"], "connection": "by-subject"},
		{"groups": ["clinicians"], "connection": "by-group"},
	]
	site := given.site_with({"connection_rules": rules})
	decision := access.decision with input as given.messages with data.phigate.site as site
	decision.connection == "by-subject"
}
