# The documents that the tests start from: each shape as authz/decision.py builds it.
package phigate.fixtures_test

clinician := {
	"tenant": "north",
	"issuer": "https://idp.example",
	"subject": "ana",
	"groups": ["clinicians"],
	"kind": "human",
	"expires_at": 1900000000,
}

reviewer := object.union(clinician, {"subject": "rob", "groups": ["reviewers"]})

auditor := object.union(clinician, {"subject": "ada", "groups": ["auditors"]})

stranger := object.union(clinician, {"subject": "sam", "groups": ["visitors"]})

messages := {
	"attributes": {"request": {"http": {
		"id": "",
		"method": "POST",
		"headers": {"content-type": "application/json"},
		"path": "/v1/messages",
		"host": "",
		"scheme": "https",
		"protocol": "HTTP/2",
	}}},
	"parsed_path": ["v1", "messages"],
	"parsed_query": {"beta": [""]},
	"principal": clinician,
}

content := object.union(messages, {
	"request": {
		"endpoint": "/v1/messages",
		"model": "claude-sonnet-5-5",
		"stream": true,
		"max_tokens": 1024,
		"tools": ["Read"],
		"tool_types": ["bash_20250124", "custom"],
		"betas": ["claude-code-20250219"],
		"features": ["context_management:clear_thinking_20251015"],
		"media": {},
		"estimated_input_tokens": 900,
		"new_input_tokens": 40,
	},
	"findings": {"name": 3},
	"new_findings": {"name": 1},
	"triggers": [],
})

approval := {
	"tenant": "north",
	"issuer": "https://idp.example",
	"subject": "ana",
	"state": "PENDING",
	"reviewers": ["reviewers"],
}

# METADATA
# description: The document with one value set at a path.
with_value(document, path, value) := json.patch(document, [{"op": "add", "path": path, "value": value}])

# METADATA
# description: The document without the value at a path.
without(document, path) := json.remove(document, [path])
