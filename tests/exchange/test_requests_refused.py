"""Requests that are refused before anything goes up, as transcripts: heads, bodies, trailers, callers that leave."""

from __future__ import annotations

import pytest
from playbook import Playbook
from traffic import answered, asked, released_text, request_body, request_head

from authz.exchange import actions as act
from authz.exchange.life import Limits


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (request_head(**{":path": "/V1/Messages"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/messages/"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/messages*"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/files"}), 404, "endpoint_not_open"),
        (request_head(**{":method": "GET"}), 404, "endpoint_not_open"),
        (request_head(**{":path": "/v1/messages?x=1"}), 400, "query_refused"),
        (request_head(**{"content-type": "text/plain"}), 415, "content_type_unsupported"),
        (request_head(**{"content-type": "application/json; charset=utf-16"}), 415, "content_type_unsupported"),
        (request_head(**{"content-type": "application/json,multipart/form-data"}), 415, "content_type_unsupported"),
        (request_head(**{"content-encoding": "gzip"}), 415, "request_body_encoding_unsupported"),
        (request_head(**{"content-length": "67108865"}), 413, "request_too_large"),
    ],
)
def test_heads_are_refused_before_a_body_is_read(rules, head, status, code):
    """What the headers already forbid is refused without asking for a body."""
    play = Playbook(rules, [head]).play()
    assert play.refusal().status == status
    assert play.refusal().error_code == code
    assert len(play.of(act.Receive)) == 1


@pytest.mark.parametrize(
    "head",
    [
        request_head(**{"content-type": "APPLICATION/JSON"}),
        request_head(**{"content-type": "application/json; charset=UTF-8"}),
        request_head(**{":path": "/v1/messages?beta=true"}),
        request_head(**{":path": "/v1/messages?%62eta=true"}),
    ],
)
def test_spellings_of_the_same_request_pass(rules, head):
    """Harmless spellings get the same treatment as the plain one."""
    play = Playbook(rules, [head, act.Chunk(request_body(), True), *answered("ok")]).play()
    assert play.error is None
    assert len(play.of(act.ReleaseRequest)) == 1


def test_body_over_the_limit_is_refused_while_it_arrives(rules):
    """The limit passes; a little more is read to its end and refused, far more is refused at once."""
    body = request_body()
    fits = Playbook(rules, [*asked(body), *answered("ok")], limits=Limits(max_body_bytes=len(body))).play()
    assert len(fits.of(act.ReleaseRequest)) == 1
    over = Playbook(rules, asked(body), limits=Limits(max_body_bytes=len(body) - 1)).play()
    assert over.refusal().status == 413
    assert not over.events
    far = Playbook(rules, asked(body), limits=Limits(max_body_bytes=len(body) // 3)).play()
    assert far.refusal().status == 413
    assert far.events, "a body far over the limit is not read to its end"


def test_bad_json_is_refused(rules):
    """A body that is not strict JSON is answered 400 and goes nowhere."""
    play = Playbook(rules, [request_head(), act.Chunk(b'{"a":1,"a":2}', True)]).play()
    assert play.refusal().status == 400
    assert not play.of(act.ReleaseRequest)


def test_trailers_are_refused(rules):
    """Request trailers could smuggle text past the body's masker."""
    play = Playbook(rules, [request_head(), act.Chunk(request_body(), False), act.Trailers()]).play()
    assert play.refusal().error_code == "trailers_refused"


def test_caller_leaving_mid_body_releases_nothing(rules):
    """A stream that ends before the body is whole releases nothing, answers nobody, and is aborted by the pump."""
    play = Playbook(rules, [request_head(), act.Chunk(request_body()[:20], False)]).play()
    assert isinstance(play.error, act.CallerGone)
    assert not play.of(act.ReleaseRequest)
    assert not play.of(act.Refuse)


def test_request_that_bypassed_ext_authz_is_refused(rules):
    """Without ext_authz's metadata there is no caller, so nothing passes."""
    play = Playbook(rules, asked(request_body()), principal=None).play()
    assert not play.of(act.ReleaseRequest)
    assert play.refusal().status == 500


def test_local_reply_passes_before_any_request(rules):
    """A denial that Envoy or ext_authz made reaches the caller unchanged."""
    head = act.ResponseHead(401, ((":status", "401"), ("content-type", "application/json")), False)
    play = Playbook(rules, [head, act.Chunk(b"{}", True)], principal=None).play()
    assert play.error is None
    assert released_text(play) == "{}"
    assert play.of(act.ReleaseResponseHead)[0].keep is None
