package phigate.models_test

import data.phigate.fixtures_test as given
import data.phigate.models

shown(document) := names if {
	names := models.decision.models with input as document with data.phigate.site as given.site
}

listed(names) := shown(object.union(given.listing, {"models": names}))

test_allowed_models_are_shown_in_their_order if {
	listed(["claude-b", "gpt-5", "claude-a", "", "Claude-c"]) == ["claude-b", "claude-a"]
	listed([]) == []
}

test_one_model_is_asked_about_as_the_list_is if {
	path := "/v1/models/claude-a"
	one := given.with_value(given.listing, "/attributes/request/http/path", path)
	shown(object.union(one, {"models": ["claude-a"]})) == ["claude-a"]
	shown(object.union(one, {"models": ["gpt-5"]})) == []
}

test_what_is_no_name_is_not_shown if {
	every value in [null, 7, {"claude-a": 1}, ["claude-a"], true] {
		listed([value]) == []
	}
	every value in [null, 7, "claude-a", {"a": "claude-a"}] {
		shown(object.union(given.listing, {"models": value})) == []
	}
}

test_strangers_and_malformed_questions_see_nothing if {
	shown(object.union(given.listing, {"principal": given.stranger})) == []
	shown({}) == []
	shown(null) == []
	closed := given.site_with({"endpoints": []})
	nothing := models.decision with input as given.listing with data.phigate.site as closed
	nothing == {"models": []}
	bare := models.decision with input as given.listing with data.phigate.site as {}
	bare == {"models": []}
}

test_a_pattern_without_anchors_opens_nothing_more if {
	pattern := models.whole(["y|claude-a", "z"])
	every value in ["xclaude-a", "claude-ax", "yz", "", "claude-a\n"] {
		not models.matches(value, pattern)
	}
	every value in ["claude-a", "y", "z"] {
		models.matches(value, pattern)
	}
}

test_no_patterns_show_nothing if {
	site := given.site_with({"allowed_models": []})
	answer := models.decision with input as given.listing with data.phigate.site as site
	answer == {"models": []}
}
