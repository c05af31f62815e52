package phigate.content_test

import data.phigate.content
import data.phigate.fixtures_test as given

allowed := {"effect": "allow", "reasons": [], "profile": "standard", "review": null, "record": "masked"}

denied(reason) := {"effect": "deny", "reasons": [reason], "profile": "standard", "review": null, "record": "masked"}

held(reasons) := {
	"effect": "review",
	"reasons": reasons,
	"profile": "standard",
	"review": {"reviewers": ["reviewers"], "min_approvals": 1, "expires_in": 3600},
	"record": "masked",
}

answered(document) := decision if {
	decision := content.decision with input as document with data.phigate.site as given.site
}

judged(path, value) := decision if {
	decision := answered(given.with_value(given.content, path, value))
}

test_an_ordinary_request_passes if {
	answered(given.content) == allowed
}

test_what_claude_code_sends_passes if {
	betas := [
		"claude-code-20250219",
		"interleaved-thinking-2025-05-14",
		"context-management-2025-06-27",
		"per-turn-control-2026-07-01",
		"mid-conversation-tool-changes-2026-07-01",
		"thinking-token-count-2026-05-13",
		"advanced-tool-use-2025-11-20",
		"effort-2025-11-24",
		"thinking-display-updates-2026-08-18",
	]
	judged("/request/betas", betas) == allowed
}

test_models if {
	every model in ["claude-fable-5-1", "claude-haiku-4-5-20251001"] {
		judged("/request/model", model) == allowed
	}
	every model in ["gpt-5", "", "Claude-sonnet-5-5", "claude-", "xclaude-a", "claude-a\n", "claude-\u200b", "сlaude-a"] {
		judged("/request/model", model) == denied("model_not_allowed")
	}
}

test_no_patterns_allow_nothing if {
	every model in ["", "claude-sonnet-5-5"] {
		decision := content.decision with input as given.with_value(given.content, "/request/model", model)
			with data.phigate.site as given.site_with({"allowed_models": []})
		decision == denied("model_not_allowed")
	}
}

test_betas_features_and_tool_types_are_allow_listed if {
	judged("/request/betas", ["files-api-2025-04-14"]) == denied("beta_not_allowed")
	judged("/request/features", ["mcp_servers"]) == denied("feature_not_allowed")
	judged("/request/features", ["context_management:compact_20260112"]) == denied("feature_not_allowed")
	every type in ["web_search_20260318", "web_fetch_20260318", "code_execution_20260521", "mcp_toolset", "-"] {
		judged("/request/tool_types", ["custom", type]) == denied("tool_type_not_allowed")
	}
}

test_the_endpoint_is_judged_again if {
	path := "/attributes/request/http/path"
	judged(path, "/v1/files") == denied("endpoint_not_allowed")
}

test_a_caller_who_left_the_group_is_denied if {
	answered(object.union(given.content, {"principal": given.stranger})) == denied("caller_not_allowed")
}

test_every_missing_fact_denies if {
	facts := [
		"request", "findings", "new_findings", "triggers", "principal", "attributes", "request/endpoint",
		"request/model", "request/stream", "request/max_tokens", "request/tools", "request/tool_types", "request/betas",
		"request/features", "request/media", "request/new_media", "request/estimated_input_tokens", "request/new_input_tokens",
		"principal/groups", "principal/kind", "principal/tenant", "principal/issuer", "principal/subject",
	]
	every fact in facts {
		answered(given.without(given.content, fact)).effect == "deny"
	}
	every fact in facts {
		every value in [null, 7.5, "x", {"x": "x"}, [7], [null]] {
			path := concat("", ["/", fact])
			given.with_value(given.content, path, value) != given.content
			wrong_type(fact, value)
		}
	}
	not answered({}).effect == "allow"
	not answered(null).effect == "allow"
}

# A value of another type denies; these few values are of the right type for their fact.
wrong_type(fact, value) if judged(concat("", ["/", fact]), value).effect == "deny"

wrong_type(fact, "x") if fact in {"request/endpoint", "principal/tenant", "principal/issuer", "principal/subject"}

wrong_type(fact, 7.5) if fact in {"request/max_tokens", "request/estimated_input_tokens", "request/new_input_tokens"}

test_triggers_hold if {
	judged("/triggers", ["bulk_record", "psychotherapy"]) == held(["trigger:bulk_record", "trigger:psychotherapy"])
}

test_the_site_says_what_a_trigger_does if {
	site := given.site_with({"trigger_effects": {"a": "deny", "b": "allow", "c": "odd"}})
	triggered := {id: decision |
		some id in ["a", "b", "c"]
		decision := content.decision with input as given.with_value(given.content, "/triggers", [id])
			with data.phigate.site as site
	}
	triggered == {"a": denied("trigger:a"), "b": allowed, "c": held(["trigger:c"])}
}

test_many_new_tokens_hold if {
	judged("/request/new_input_tokens", 50000) == allowed
	judged("/request/new_input_tokens", 50001) == held(["new_input_tokens"])
	judged("/request/estimated_input_tokens", 900000) == allowed
}

with_media(counts, new) := object.union(given.content, {"request": {"media": counts, "new_media": new}})

test_media_hold_unless_the_site_names_the_profile if {
	media := with_media({"image": 1}, {"image": 1})
	answered(media) == held(["media"])
	answered(with_media({"image": 0}, {"image": 0})) == allowed
	decided := {effect: decision |
		some effect in ["allow", "deny", "odd"]
		site := given.site_with({"media_effects": {"standard": effect}})
		decision := content.decision with input as media with data.phigate.site as site
	}
	decided == {"allow": allowed, "deny": denied("media_not_allowed"), "odd": held(["media"])}
}

test_a_review_asks_for_new_media_and_a_denial_for_all if {
	seen := with_media({"image": 1}, {})
	answered(seen) == allowed
	answered(with_media({"image": 2}, {"image": 1})) == held(["media"])
	answered(with_media({"image": 1, "pdf": 1}, {"image": 0, "pdf": 1})) == held(["media"])
	site := given.site_with({"media_effects": {"standard": "deny"}})
	decision := content.decision with input as seen with data.phigate.site as site
	decision == denied("media_not_allowed")
}

test_new_media_are_among_all_media if {
	every new in [{"image": 2}, {"pdf": 1}, {"image": "1"}, {"image": null}] {
		answered(with_media({"image": 1}, new)) == denied("input_malformed")
	}
}

test_a_denial_goes_before_a_review if {
	both := object.union(given.content, {"triggers": ["bulk_record"], "request": {"model": "other"}})
	answered(both) == denied("model_not_allowed")
}

test_the_restore_group_gets_the_restore_profile if {
	groups := ["clinicians", "restore"]
	judged("/principal/groups", groups) == object.union(allowed, {"profile": "restore"})
}

test_the_first_profile_rule_wins if {
	rules := [
		{"subjects": ["ana"], "profile": "first"},
		{"groups": ["clinicians"], "profile": "second"},
	]
	site := given.site_with({"profile_rules": rules})
	decision := content.decision with input as given.content with data.phigate.site as site
	decision.profile == "first"
}

test_a_threshold_in_quotes_denies if {
	site := given.site_with({"review_tokens": "50000"})
	decision := content.decision with input as given.content with data.phigate.site as site
	decision == denied("site_malformed")
}

test_every_missing_site_value_denies_or_changes_nothing_for_the_worse if {
	required := object.keys(given.site) - {"admin_roles", "owner_actions", "connection_rules", "profile_rules"}
	every key in required {
		site := json.remove(given.site, [key])
		asked := object.union(given.content, {"triggers": ["t"], "request": {"media": {"image": 1}, "new_media": {"image": 1}}})
		decision := content.decision with input as asked with data.phigate.site as site
		decision.effect != "allow"
	}
	not content.decision.effect == "allow" with input as given.content with data.phigate.site as {}
}
