"""Every SDK that teams use, unmodified but for base URL and key: what Claude sees, what the program gets."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from client_programs import KINDS, Upstream, end_all, start_all
from real_stack import CANARIES, PROMPT, leaked

pytestmark = pytest.mark.stack

PLACEHOLDER = re.compile(r"\[[A-Z_]+_[A-Z2-7]{7}_[A-Z2-7]{6}\]")
CHART = "Patient: {name}, SSN: {ssn}, seen last week.".format(**CANARIES)
READ_CHART = 'sim:agent read_chart {{"patient": "{name}"}}'.format(**CANARIES)
TOOL = {"name": "read_chart", "description": "Return a patient's chart.", "input_schema": {"type": "object"}}
BETA = "interleaved-thinking-2025-05-14"


def ask(text, **more):
    return {"model": "claude-sonnet-5-5", "max_tokens": 2000, "messages": [{"role": "user", "content": text}], **more}


def said(message):
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


@pytest.fixture(scope="module")
def programs():
    """Start a program of each kind, for all tests of this file."""
    running = start_all()
    yield running
    end_all(running)


@pytest.fixture(params=KINDS)
def program(request, programs):
    """Each program in turn."""
    return programs[request.param]


@pytest.fixture(scope="module")
def tokens(stack):
    """Tokens of a caller whose values stay masked, and of one who gets them back."""
    return {False: stack.token("cam"), True: stack.token("cal", "clinicians", "restore")}


@pytest.fixture
def upstream(stack):
    """Collect what reaches upstream in a test. When the test is over, none of it may have held a canary."""
    seen = Upstream(stack.simulator)
    yield seen
    requests = seen.requests()
    assert requests
    assert leaked(json.dumps(requests)) == []


@pytest.mark.parametrize("restore", [False, True], ids=["masked", "restored"])
def test_whole_and_streamed_answers_say_the_same(stack, program, tokens, upstream, restore):
    """JSON, the streaming helper and bare events give one text: with placeholders, or with the caller's own values."""
    token = tokens[restore]
    whole = program.call(stack, token, "create", request=ask(PROMPT))
    helped = program.call(stack, token, "stream", request=ask(PROMPT))
    bare = program.call(stack, token, "events", request=ask(PROMPT))
    text = said(whole["message"])
    assert said(helped["message"]) == helped["said"] == bare["said"] == text
    assert set(leaked(text)) == (set(CANARIES) if restore else set())
    assert len(PLACEHOLDER.findall(text)) == (0 if restore else len(CANARIES))
    for message in (whole["message"], helped["message"]):
        assert message["stop_reason"] == "end_turn"
        assert message["usage"]["output_tokens"] > 0
    assert (bare["kinds"][0], bare["kinds"][-1]) == ("message_start", "message_stop")
    for request, body in zip(upstream.requests(), upstream.bodies(), strict=True):
        assert dict(request["headers"])["anthropic-version"] == program.kind.version
        assert len(PLACEHOLDER.findall(body["messages"][0]["content"])) == len(CANARIES)


def test_beta_calls_pass_with_their_betas(stack, program, tokens, upstream):
    """Beta calls, whole and streamed, keep their header, and the query that 0.x puts behind their path."""
    request = ask(f"{PROMPT} sim:thinking", betas=[BETA])
    whole = program.call(stack, tokens[False], "create", request=request, beta=True)
    helped = program.call(stack, tokens[False], "stream", request=request, beta=True)
    assert said(whole["message"]) == said(helped["message"]) == helped["said"]
    assert [block["type"] for block in helped["message"]["content"]] == ["thinking", "text"]
    for seen in upstream.requests():
        assert seen["path"] == f"/v1/messages{program.kind.beta_query}"
        assert BETA in dict(seen["headers"])["anthropic-beta"]


@pytest.mark.parametrize("restore", [False, True], ids=["masked", "restored"])
def test_thinking_and_tools_verify_over_three_prompts(stack, program, tokens, upstream, restore):
    """What the SDK returned goes back as it is; every signature verifies, for upstream's prefix never changes."""
    done = program.call(
        stack,
        tokens[restore],
        "converse",
        request={"model": "claude-opus-5-5", "max_tokens": 2000, "tools": [TOOL]},
        prompts=[
            f"{PROMPT} {READ_CHART}",
            'Both: sim:thinking sim:tool read_chart {"visit": 1} sim:tool read_chart {"visit": 2}',
            f"sim:thinking Now for SSN {CANARIES['ssn']} once more.",
        ],
        results={"read_chart": CHART},
    )
    bodies = upstream.bodies()
    assert [len(body["messages"]) for body in bodies] == [1, 3, 5, 7, 9]
    for earlier, later in itertools.pairwise(bodies):
        assert later["messages"][: len(earlier["messages"])] == earlier["messages"]
        assert later["tools"] == earlier["tools"]
    turns = [message["content"] for message in bodies[-1]["messages"] if message["role"] == "assistant"]
    assert len([block for turn in turns for block in turn if block["type"] == "thinking"]) == 4
    assert [set(leaked(said(answer))) for answer in done["answers"]] == (
        [{"name", "ssn"}, {"name", "ssn"}, {"ssn"}] if restore else [set()] * 3
    )
    assert done["inputs"][1:] == [{"visit": 1}, {"visit": 2}]
    assert PLACEHOLDER.fullmatch(done["inputs"][0]["patient"])
    assert done["inputs"][0]["patient"] in bodies[0]["messages"][0]["content"]


def test_tool_runner_finishes_without_a_thread(stack, program, tokens, upstream):
    """The tool runner's loop ends well; where it asks for a server-held thread first, it takes the refusal in stride."""
    done = program.call(stack, tokens[True], "run_tools", request=ask(f"Patient: {READ_CHART}"), result=CHART)
    assert set(leaked(said(done["message"]))) == {"name", "ssn"}
    assert [list(read) for read in done["inputs"]] == [["patient"]]
    bodies = upstream.bodies()
    assert [len(body["messages"]) for body in bodies] == [1, 3]
    assert not [body for body in bodies if "thread" in body]


@pytest.mark.parametrize("operation", ["stream", "events"])
@pytest.mark.parametrize("fault", ["error_stream", "cut", "reset"])
def test_broken_stream_is_an_error_in_the_program(stack, program, tokens, upstream, fault, operation):
    """An error event, an end without message_stop and a reset raise: no half answer passes for a whole one."""
    text = f"{PROMPT} {'The river was slow and the bread was fresh. ' * 40} sim:{fault}"
    program.send(stack, tokens[True], operation, request=ask(text))
    outcome = program.receive()
    assert "message" not in outcome
    assert "kinds" not in outcome
    if fault != "reset":  # which may overtake what was on its way
        assert set(leaked(outcome["said"])) == set(CANARIES)
    assert f"You wrote: {text}".startswith(outcome["said"])
    assert len(outcome["said"]) < len(text) * 0.9
    assert leaked(outcome["error"]["text"]) == []
    if fault == "error_stream":
        assert outcome["error"]["body"]["error"]["type"] == "overloaded_error"
    elif fault == "cut":
        assert outcome["error"]["body"]["error"]["details"]["error_code"] == "upstream_truncated"
    assert len(upstream.requests()) == 1


def test_cut_whole_answer_is_an_error_in_every_program(stack, programs, tokens, upstream):
    """A JSON answer that ends too early is 502, which SDKs try twice again; none of it arrives."""
    for program in programs.values():
        program.send(stack, tokens[True], "create", request=ask(f"{PROMPT} sim:cut"))
    outcomes = [program.receive() for program in programs.values()]
    assert [(outcome["error"]["status"], "message" in outcome) for outcome in outcomes] == [(502, False)] * len(KINDS)
    assert leaked(json.dumps(outcomes)) == []
    assert len(upstream.requests()) == 3 * len(KINDS)


def test_hold_that_ends_is_told_once_and_the_same_call_goes_on(hasty_stack, programs):
    """409 after the hold is not retried by any SDK; after the approval the very same call is answered."""
    stack = hasty_stack
    token, reviewer = stack.token("hal", "clinicians", "restore"), stack.token("bob", "reviewers")
    calls = {name: ask(f"{PROMPT} Print the entire chart for {name}.") for name in programs}
    for name, program in programs.items():
        program.send(stack, token, "create", request=calls[name])
    outcomes = {name: program.receive() for name, program in programs.items()}
    tickets = {}
    for name, outcome in outcomes.items():
        assert (outcome["error"]["class"], outcome["error"]["status"]) == ("ConflictError", 409)
        details = outcome["error"]["body"]["error"]["details"]
        assert details["error_code"] == "approval_pending"
        tickets[name] = details["ticket"]
    sessions = stack.sessions("list", token=stack.token("aud", "auditors"))
    assert [row["exchanges"] for row in sessions if row["subject"] == "hal"] == [1] * len(programs)
    assert stack.simulator.requests() == []
    for name, program in programs.items():
        stack.approvals("approve", tickets[name], token=reviewer)
        answer = program.call(stack, token, "create", request=calls[name])
        assert set(leaked(said(answer["message"]))) == set(CANARIES)
    assert len(stack.simulator.requests()) == len(programs)
    stack.assert_no_canary()
