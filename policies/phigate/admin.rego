# METADATA
# title: Who may list, see, approve, deny, revoke, replay and export
# description: |
#   Answers for the admin API, once for each call, whatever interface it came through. A role gives actions on
#   everything in the caller's tenant; everybody who may call the gateway has the owner's actions on what is their own.
#   Nobody approves or denies their own request, under any issuer: one person may hold accounts at two.
# scope: package
# schemas:
#   - input: schema.admin
#   - data.phigate.site: schema.site
package phigate.admin

import data.phigate.access
import data.phigate.site

default decision := {"allow": false, "reason": "action_not_allowed"}

# METADATA
# title: The admin decision
# entrypoint: true
decision := {"allow": true, "reason": "allowed"} if {
	count(denials) == 0
	action_allowed
} else := {"allow": false, "reason": sort(denials)[0]} if {
	count(denials) > 0
}

votes := {"approvals.approve", "approvals.deny"}

# What such an action concerns is in the input, under the name before the dot.
singular := {"approvals": "approval", "sessions": "session"}

denials contains "principal_malformed" if not access.principal_well_formed

denials contains "other_tenant" if {
	some kind in singular
	resource := input[kind]
	not resource == null
	not resource.tenant == input.principal.tenant
}

denials contains "own_request" if {
	input.action in votes
	input.approval.subject == input.principal.subject
}

denials contains "not_a_reviewer" if {
	input.action in votes
	not names_the_voter
}

# A service may hold a reviewer's token, but cannot read.
denials contains "not_a_person" if {
	input.action in votes
	not input.principal.kind == "human"
}

action_allowed if {
	some role in site.admin_roles
	input.action in role.actions
	in_role(role)
}

action_allowed if {
	input.action in site.owner_actions
	access.caller_allowed
	own
}

# Everybody who may call has something of their own to see.
action_allowed if {
	input.action == "enter"
	access.caller_allowed
}

in_role(role) if {
	some group in role.groups
	group in input.principal.groups
}

own if {
	resource := input[singular[split(input.action, ".")[0]]]
	resource.tenant == input.principal.tenant
	resource.issuer == input.principal.issuer
	resource.subject == input.principal.subject
}

names_the_voter if {
	is_string(input.approval.subject)
	some group in input.approval.reviewers
	group in input.principal.groups
}
