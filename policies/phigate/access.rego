# METADATA
# title: Who may call which endpoint
# description: |
#   Answers Envoy's ext_authz before a body byte is read. The input is opa-envoy-plugin's document without credentials,
#   cookies and query values, plus `input.principal`. Every rule asks for what must hold, so that a missing, null or
#   mistyped value denies.
# scope: package
# schemas:
#   - input: schema.access
#   - data.phigate.site: schema.site
package phigate.access

import data.phigate.site

default decision := {"allow": false, "reason": "policy_incomplete", "connection": ""}

# METADATA
# title: The access decision
# entrypoint: true
decision := {"allow": true, "reason": "allowed", "connection": connection} if {
	count(denials) == 0
} else := {"allow": false, "reason": sort(denials)[0], "connection": ""} if {
	count(denials) > 0
}

denials contains "caller_not_allowed" if not caller_allowed

denials contains "endpoint_not_allowed" if not endpoint_allowed

denials contains "principal_malformed" if not principal_well_formed

principal_well_formed if {
	input.principal.kind in {"human", "service"}
	is_array(input.principal.groups)
	every name in [input.principal.tenant, input.principal.issuer, input.principal.subject] {
		is_string(name)
		name != ""
	}
}

caller_allowed if {
	some group in input.principal.groups
	group in site.caller_groups
}

endpoint_allowed if {
	some endpoint in site.endpoints
	input.attributes.request.http.method == endpoint.method
	fits(input.attributes.request.http.path, endpoint.path)
}

# METADATA
# description: A site's path stands for itself; `{id}` at its end for one name that is not empty.
fits(path, path)

fits(path, template) if {
	collection := trim_suffix(template, "{id}")
	collection != template
	regex.match(`\A[^/]+\z`, trim_prefix(path, collection))
	startswith(path, collection)
}

# METADATA
# description: Which upstream credential carries the request; the first rule that names the caller wins.
connection := matching[0] if {
	matching := [rule.connection |
		some rule in site.connection_rules
		applies(rule)
	]
	count(matching) > 0
} else := site.default_connection

# METADATA
# description: A rule of the site names callers by group or by subject.
applies(rule) if {
	some group in rule.groups
	group in input.principal.groups
}

applies(rule) if {
	some subject in rule.subjects
	subject == input.principal.subject
}
