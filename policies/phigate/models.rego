# METADATA
# title: Which models a caller may use
# description: |
#   Answers which of the given names are open: for requests (phigate.content asks the same rule) and for the list of
#   models that a caller is shown. Nobody sees a model that they could not call.
# scope: package
# schemas:
#   - input: schema.models
#   - data.phigate.site: schema.site
package phigate.models

import data.phigate.access
import data.phigate.site

default decision := {"models": []}

# METADATA
# title: The models decision
# entrypoint: true
decision := {"models": [model |
	some model in input.models
	usable(model)
]} if {
	access.decision.allow
	is_array(input.models)
}

# METADATA
# description: Whether a request may name this model. Undefined for what is not a string.
usable(model) if matches(model, allowed)

allowed := whole(site.allowed_models)

# METADATA
# description: |
#   The patterns as one that a whole value must match; a site's pattern without anchors opens nothing more.
whole(patterns) := sprintf(`\A(?:%s)\z`, [concat("|", patterns)])

# METADATA
# description: Whether a value matches; no patterns make one that matches the empty value, which is nobody's.
matches(value, pattern) if {
	value != ""
	regex.match(pattern, value)
}
