# METADATA
# title: What may pass, and what a person has to see first
# description: |
#   Answers once the whole request was inspected. Text never arrives here: identifiers are counts, triggers are ids.
#   Denials look at everything, reviews at what is new in the session. Every rule asks for what must hold, so that a
#   missing, null or mistyped value denies.
# scope: package
# schemas:
#   - input: schema.content
#   - data.phigate.site: schema.site
package phigate.content

import data.phigate.access
import data.phigate.models
import data.phigate.site

default decision := {
	"effect": "deny",
	"reasons": ["policy_incomplete"],
	"profile": "standard",
	"review": null,
	"record": "masked",
}

# METADATA
# title: The content decision
# entrypoint: true
decision := {
	"effect": effect,
	"reasons": sort(reasons[effect]),
	"profile": profile,
	"review": review[effect],
	"record": site.record,
}

effect := "deny" if {
	count(denials) > 0
} else := "review" if {
	count(reviews) > 0
} else := "allow"

reasons := {"deny": denials, "review": reviews, "allow": set()}

review := {"deny": null, "allow": null, "review": {
	"reviewers": site.approval.reviewers,
	"min_approvals": site.approval.min_approvals,
	"expires_in": site.approval.expires_in,
}}

# What is denied

denials contains "input_malformed" if not well_formed

# A number is less than any string: a threshold in quotes would never be passed.
denials contains "site_malformed" if not is_number(site.review_tokens)

denials contains access.decision.reason if not access.decision.allow

denials contains "model_not_allowed" if not models.usable(input.request.model)

denials contains "beta_not_allowed" if not all_listed(input.request.betas, site.allowed_betas)

denials contains "feature_not_allowed" if not all_listed(input.request.features, site.allowed_features)

denials contains "tool_type_not_allowed" if not all_match(input.request.tool_types, allowed_tool_type)

denials contains sprintf("trigger:%s", [trigger]) if {
	some trigger in input.triggers
	trigger_effect(trigger) == "deny"
}

denials contains "media_not_allowed" if {
	some count in input.request.media
	count != 0
	media_effect == "deny"
}

# What a person has to see

reviews contains "new_input_tokens" if not input.request.new_input_tokens <= site.review_tokens

reviews contains sprintf("trigger:%s", [trigger]) if {
	some trigger in input.triggers
	not trigger_effect(trigger) == "allow"
}

reviews contains "media" if {
	some count in input.request.new_media
	count != 0
	not media_effect == "allow"
}

# What they ask

well_formed if {
	every text in [input.request.endpoint, input.request.model] {
		is_string(text)
	}
	every number in [
		input.request.max_tokens,
		input.request.estimated_input_tokens,
		input.request.new_input_tokens,
	] {
		is_number(number)
		number >= 0
	}
	is_boolean(input.request.stream)
	every ids in [
		input.request.tools,
		input.request.tool_types,
		input.request.betas,
		input.request.features,
		input.triggers,
	] {
		names(ids)
	}
	every counts in [input.request.media, input.request.new_media, input.findings, input.new_findings] {
		counted(counts)
	}
	every class, count in input.request.new_media {
		count <= input.request.media[class]
	}
}

# Joining is undefined unless all are strings, and is one step where a loop is one for each.
names(ids) if {
	is_array(ids)
	concat("", ids)
}

counted(counts) if {
	is_object(counts)
	every count in counts {
		is_number(count)
	}
}

allowed_tool_type := models.whole(site.allowed_tool_types)

all_match(values, pattern) if {
	is_array(values)
	every value in values {
		models.matches(value, pattern)
	}
}

all_listed(values, allowed) if {
	is_array(values)
	every value in values {
		value in allowed
	}
}

# METADATA
# description: |
#   Media that nothing can look into passes only when the masking profile and the site say so: the profile's own
#   `media: block` refuses before any policy is asked.
media_effect := object.get(site.media_effects, profile, site.default_media_effect)

trigger_effect(id) := object.get(site.trigger_effects, id, site.default_trigger_effect)

# METADATA
# description: The masking profile of the caller; the first rule that names the caller wins.
profile := matching[0] if {
	matching := [rule.profile |
		some rule in site.profile_rules
		access.applies(rule)
	]
	count(matching) > 0
} else := site.default_profile
