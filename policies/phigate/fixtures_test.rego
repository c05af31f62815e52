# The documents that the tests start from: each shape as authz/decision.py builds it, and a site of their own, so that
# they hold whatever a deployment writes into site/data.json. As shipped both sites are the same.
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

listing := {
	"attributes": {"request": {"http": object.union(
		messages.attributes.request.http,
		{"method": "GET", "path": "/v1/models"},
	)}},
	"parsed_path": ["v1", "models"],
	"parsed_query": {},
	"principal": clinician,
	"models": ["claude-sonnet-5-5"],
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
		"new_media": {},
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

site := {
	"caller_groups": [
		"clinicians",
		"services",
	],
	"endpoints": [
		{
			"method": "POST",
			"path": "/v1/messages",
		},
		{
			"method": "POST",
			"path": "/v1/messages/count_tokens",
		},
		{
			"method": "GET",
			"path": "/v1/models",
		},
		{
			"method": "GET",
			"path": "/v1/models/{id}",
		},
	],
	"default_connection": "default",
	"connection_rules": [],
	"default_profile": "standard",
	"profile_rules": [
		{
			"groups": [
				"restore",
			],
			"profile": "restore",
		},
	],
	"record": "masked",
	"allowed_models": [
		"claude-[a-z0-9][a-z0-9.-]*",
	],
	"allowed_tool_types": [
		"custom",
		"bash_[0-9]{8}",
		"text_editor_[0-9]{8}",
		"memory_[0-9]{8}",
		"computer_[0-9]{8}",
		"computer_toolset_[0-9]{8}",
	],
	"allowed_betas": [
		"advanced-tool-use-2025-11-20",
		"claude-code-20250219",
		"computer-use-2024-10-22",
		"computer-use-2025-01-24",
		"computer-use-2025-11-24",
		"context-1m-2025-08-07",
		"context-management-2025-06-27",
		"effort-2025-11-24",
		"extended-cache-ttl-2025-04-11",
		"fine-grained-tool-streaming-2025-05-14",
		"interleaved-thinking-2025-05-14",
		"message-threads-2026-08-12",
		"mid-conversation-output-config-2026-07-01",
		"mid-conversation-system-clear-at-2026-08-21",
		"mid-conversation-tool-changes-2026-07-01",
		"model-context-window-exceeded-2025-08-26",
		"output-128k-2025-02-19",
		"output-300k-2026-03-24",
		"pdfs-2024-09-25",
		"per-turn-control-2026-07-01",
		"prompt-caching-2024-07-31",
		"structured-outputs-2025-11-13",
		"structured-outputs-2025-12-15",
		"task-budgets-2026-03-13",
		"thinking-binding-controls-2026-08-01",
		"thinking-display-updates-2026-08-18",
		"thinking-token-count-2026-05-13",
		"token-counting-2024-11-01",
		"token-efficient-tools-2025-02-19",
	],
	"allowed_features": [
		"context_management:clear_thinking_20251015",
		"unknown_field",
	],
	"review_tokens": 50000,
	"default_trigger_effect": "review",
	"trigger_effects": {},
	"default_media_effect": "review",
	"media_effects": {},
	"approval": {
		"reviewers": [
			"reviewers",
		],
		"min_approvals": 1,
		"expires_in": 3600,
	},
	"admin_roles": [
		{
			"groups": [
				"reviewers",
			],
			"actions": [
				"enter",
				"approvals.list",
				"approvals.show",
				"approvals.approve",
				"approvals.deny",
				"approvals.revoke",
			],
		},
		{
			"groups": [
				"auditors",
			],
			"actions": [
				"enter",
				"approvals.list",
				"approvals.show",
				"sessions.list",
				"sessions.show",
				"sessions.replay",
				"audit.list",
				"audit.show",
				"audit.verify",
				"audit.export",
			],
		},
	],
	"owner_actions": [
		"approvals.list",
		"approvals.show",
		"approvals.cancel",
		"sessions.list",
		"sessions.show",
	],
}

# METADATA
# description: The site with other values for some of its keys.
site_with(values) := json.patch(site, [{"op": "add", "path": [key], "value": value} | some key, value in values])

# METADATA
# description: The document with one value set at a path.
with_value(document, path, value) := json.patch(document, [{"op": "add", "path": path, "value": value}])

# METADATA
# description: The document without the value at a path.
without(document, path) := json.remove(document, [path])
