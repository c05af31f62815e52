package phigate.admin_test

import data.phigate.admin
import data.phigate.fixtures_test as given

allowed := {"allow": true, "reason": "allowed"}

denied(reason) := {"allow": false, "reason": reason}

answered(document) := decision if {
	decision := admin.decision with input as document with data.phigate.site as given.site
}

asked(principal, action, approval) := answered({
	"principal": principal,
	"action": action,
	"approval": approval,
	"session": null,
})

about_session(principal, action, session) := answered({
	"principal": principal,
	"action": action,
	"approval": null,
	"session": session,
})

own_session := {"tenant": "north", "issuer": "https://idp.example", "subject": "ana"}

test_reviewers_see_and_vote if {
	every action in ["enter", "approvals.list"] {
		asked(given.reviewer, action, null) == allowed
	}
	every action in ["approvals.show", "approvals.approve", "approvals.deny", "approvals.revoke"] {
		asked(given.reviewer, action, given.approval) == allowed
	}
}

test_reviewers_do_not_see_sessions if {
	every action in ["sessions.list", "sessions.show", "sessions.replay", "audit.export", "unmask", ""] {
		about_session(given.reviewer, action, own_session) == denied("action_not_allowed")
	}
}

test_auditors_see_and_do_not_vote if {
	every action in ["enter", "approvals.list", "sessions.list", "audit.list", "audit.verify", "audit.export"] {
		asked(given.auditor, action, null) == allowed
	}
	about_session(given.auditor, "sessions.replay", own_session) == allowed
	every action in ["approvals.approve", "approvals.deny", "approvals.revoke"] {
		not asked(given.auditor, action, given.approval).allow
	}
	every action in ["approvals.approve", "approvals.deny"] {
		named := object.union(given.approval, {"reviewers": ["auditors"]})
		asked(given.auditor, action, named) == denied("action_not_allowed")
	}
}

test_services_do_not_vote if {
	service := object.union(given.reviewer, {"kind": "service"})
	every action in ["approvals.approve", "approvals.deny"] {
		asked(service, action, given.approval) == denied("not_a_person")
	}
	asked(service, "approvals.show", given.approval) == allowed
}

test_nobody_votes_on_their_own if {
	both := object.union(given.clinician, {"groups": ["clinicians", "reviewers"]})
	elsewhere := object.union(both, {"issuer": "https://second.example"})
	every principal in [both, elsewhere] {
		every action in ["approvals.approve", "approvals.deny"] {
			asked(principal, action, given.approval) == denied("own_request")
		}
	}
}

test_a_vote_needs_a_group_that_the_ticket_names if {
	for_board := object.union(given.approval, {"reviewers": ["board"]})
	asked(given.reviewer, "approvals.approve", for_board) == denied("not_a_reviewer")
	every approval in [null, {}, {"subject": null, "reviewers": ["reviewers"]}] {
		not asked(given.reviewer, "approvals.approve", approval).allow
	}
}

test_clinicians_see_their_own_only if {
	asked(given.clinician, "enter", null) == allowed
	every action in ["approvals.list", "approvals.show", "approvals.cancel"] {
		asked(given.clinician, action, given.approval) == allowed
		other := object.union(given.approval, {"subject": "eve"})
		asked(given.clinician, action, other) == denied("action_not_allowed")
		asked(given.clinician, action, null) == denied("action_not_allowed")
	}
	about_session(given.clinician, "sessions.show", own_session) == allowed
	other_issuer := object.union(own_session, {"issuer": "https://second.example"})
	about_session(given.clinician, "sessions.show", other_issuer) == denied("action_not_allowed")
	about_session(given.clinician, "sessions.replay", own_session) == denied("action_not_allowed")
}

test_strangers_may_nothing if {
	every action in ["enter", "approvals.list", "sessions.list"] {
		asked(given.stranger, action, null) == denied("action_not_allowed")
	}
	mine := object.union(given.approval, {"subject": "sam"})
	asked(given.stranger, "approvals.show", mine) == denied("action_not_allowed")
}

test_tenants_are_apart if {
	elsewhere := object.union(given.approval, {"tenant": "south"})
	asked(given.reviewer, "approvals.approve", elsewhere) == denied("other_tenant")
	about_session(given.auditor, "sessions.show", {"tenant": "south"}) == denied("other_tenant")
	about_session(given.auditor, "sessions.show", {}) == denied("other_tenant")
}

test_malformed_questions_are_denied if {
	not answered({}).allow
	not answered(null).allow
	not answered({"action": "enter", "principal": {"groups": ["reviewers"]}}).allow
	not asked(given.reviewer, null, null).allow
	not asked(given.reviewer, 7, null).allow
}
