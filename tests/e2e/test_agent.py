"""Claude Code's own command line through phigate: tools, thinking, subagents, restore, holds, faults, a rule reload."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import signal

import pytest
from client_programs import Upstream
from real_stack import CANARIES, leaked, until

from authz.assets import policies_dir

pytestmark = [pytest.mark.stack, pytest.mark.agent]

sdk = pytest.importorskip("claude_agent_sdk")

NEW_RULE = """
recognizers:
  - id: test.kettle
    identifier: ID
    patterns: ['Kettle']
    examples: ['a [[Kettle]] here']
    counter_examples: ['a pot']
"""


def options(stack, token, folder, *, tools=("Read",), agents=None, **env):
    home, work = folder / "home", folder / "work"
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    return sdk.ClaudeAgentOptions(
        allowed_tools=list(tools),
        agents=agents,
        cwd=work,
        model="claude-sonnet-5-5",
        setting_sources=[],
        env={
            "ANTHROPIC_BASE_URL": stack.base_url,
            "ANTHROPIC_API_KEY": token,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "HOME": str(home),
            **env,
        },
    )


async def ask(client, prompt):
    """Send a prompt and return the text of its result."""
    await client.query(prompt)
    *_, result = [message async for message in client.receive_response()]
    assert isinstance(result, sdk.ResultMessage)
    assert not result.is_error, result
    return result.result


async def outcome(client, prompt):
    """Send a prompt and return its result, which may be an error."""
    await client.query(prompt)
    return [message async for message in client.receive_response()][-1]


def plain(messages):
    """Return messages with the differences taken out that Claude Code itself makes between turns (claude-api §2.1)."""
    blocks = []
    for message in messages:
        content = message["content"]
        content = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in content:
            kept = {key: value for key, value in block.items() if key != "cache_control"}
            if isinstance(kept.get("content"), str):
                kept["content"] = [{"type": "text", "text": kept["content"]}]
            blocks.append((message["role"], json.dumps(kept, sort_keys=True)))
    return blocks


def turns(stack):
    return [
        json.loads(request["body"])
        for request in stack.simulator.requests()
        if request["path"].startswith("/v1/messages") and request["method"] == "POST"
    ]


async def test_three_turns_with_restore_and_a_reload_keep_the_prefix(fresh_stack, tmp_path):
    """Thinking verifies on every turn, upstream's prefix stays equal over a rule reload, and no canary goes up."""
    policies = tmp_path / "policies"
    shutil.copytree(policies_dir(), policies)
    stack = fresh_stack("--policies", str(policies))
    chart = tmp_path / "work" / "chart.txt"
    choices = options(stack, stack.token("amy", "clinicians", "restore"), tmp_path)
    chart.write_text(f"Patient: {CANARIES['name']}, SSN {CANARIES['ssn']}, has a Kettle at home.\n")
    async with sdk.ClaudeSDKClient(choices) as client:
        first = await ask(client, f'SSN {CANARIES["ssn"]} sim:agent Read {{"file_path": "{chart}"}}')
        (policies / "recognizers" / "extra.yaml").write_text(NEW_RULE)
        stack.process.send_signal(signal.SIGHUP)
        until(
            lambda: all(
                b"rules reloaded" in text
                for name, text in stack.logs().items()
                if name.startswith("worker") and not name.endswith(".1")
            ),
            60,
            "workers reloaded their rules",
        )
        second = await ask(client, f'Again: sim:agent Read {{"file_path": "{chart}"}}')
        third = await ask(client, f"sim:thinking Thank you, SSN {CANARIES['ssn']}.")
    assert CANARIES["name"] in first
    assert CANARIES["ssn"] in first
    assert first.split("Kettle")[0].endswith("has a ")
    assert "Kettle" in second
    assert CANARIES["ssn"] in third
    seen = [plain(turn["messages"]) for turn in turns(stack)]
    assert len(seen) >= 5
    for earlier, later in itertools.pairwise(seen):
        common = [block for block in earlier if block in later]
        assert later[: len(earlier)] == earlier or len(common) == len(earlier)
    assert any('"thinking"' in block for _, block in seen[-1])
    stack.assert_no_canary()
    # a session that begins now is under the new rules
    status, _, _body = stack.post(
        {"model": "claude-sonnet-5-5", "max_tokens": 50, "messages": [{"role": "user", "content": "the Kettle"}]},
        stack.token("ann"),
    )
    assert status == 200
    assert "Kettle" not in turns(stack)[-1]["messages"][0]["content"]


async def test_flagged_agent_turn_waits_and_later_turns_do_not(stack, tmp_path):
    """Turn 1 is flagged and approved; turns 2 and 3 of the agent pass without asking again."""
    reviewer = stack.token("bob", "reviewers")
    choices = options(stack, stack.token("abe", "clinicians", "restore"), tmp_path)
    note = tmp_path / "work" / "note.txt"
    note.write_text("the cat is on the sill\n")

    def mine(state):
        rows = stack.approvals("list", token=reviewer)
        return [row for row in rows if row["subject"] == "abe" and row["state"] == state]

    async with sdk.ClaudeSDKClient(choices) as client:
        asking = asyncio.create_task(ask(client, f'Print the entire chart. sim:agent Read {{"file_path": "{note}"}}'))
        ticket = (await asyncio.to_thread(until, lambda: mine("PENDING"), 30, "a ticket"))[0]
        await asyncio.to_thread(lambda: stack.approvals("approve", ticket["id"], token=reviewer))
        assert "the cat" in await asking
        assert "the cat" in await ask(client, f'Again sim:agent Read {{"file_path": "{note}"}}')
        assert "Thank you" in await ask(client, "sim:thinking Thank you.")
    assert mine("PENDING") == []
    assert len([row for row in stack.approvals("list", token=reviewer) if row["subject"] == "abe"]) == 1


async def test_denied_agent_is_told(stack, tmp_path):
    """A denial reaches the agent as an error it shows, without resending the request in other forms."""
    reviewer = stack.token("bob", "reviewers")
    choices = options(stack, stack.token("ada"), tmp_path)
    async with sdk.ClaudeSDKClient(choices) as client:
        await client.query("Print the entire chart.")

        async def outcome():
            return [message async for message in client.receive_response()][-1]

        waiting = asyncio.create_task(outcome())

        def mine():
            rows = stack.approvals("list", token=reviewer)
            return [row for row in rows if row["subject"] == "ada" and row["state"] == "PENDING"]

        ticket = (await asyncio.to_thread(until, mine, 30, "a ticket"))[0]
        await asyncio.to_thread(lambda: stack.approvals("deny", ticket["id"], token=reviewer))
        result = await waiting
    assert result.is_error or "denied" in (result.result or "")
    assert leaked(str(result.result)) == []


async def test_subagent_is_masked_like_its_parent(stack, tmp_path):
    """A subagent's requests are of the parent's session: same placeholders, own signed thinking, own values restored."""
    reader = sdk.AgentDefinition(description="Reads charts.", prompt="You read charts.", tools=["Read"])
    choices = options(
        stack,
        stack.token("sue", "clinicians", "restore"),
        tmp_path,
        tools=("Agent", "Read"),
        agents={"chart-reader": reader},
    )
    chart = tmp_path / "work" / "chart.txt"
    chart.write_text("Patient: {name}, SSN {ssn}.\n".format(**CANARIES))
    errand = {
        "description": "Read a chart",
        "subagent_type": "chart-reader",
        "run_in_background": False,
        "prompt": f'SSN {CANARIES["ssn"]}: sim:agent Read {{"file_path": "{chart}"}}',
    }
    upstream = Upstream(stack.simulator)
    async with sdk.ClaudeSDKClient(choices) as client:
        await client.query(f"Patient: {CANARIES['name']}. sim:agent Agent {json.dumps(errand)}")
        messages = [message async for message in client.receive_response()]
        last = await ask(client, f"sim:thinking Thank you, SSN {CANARIES['ssn']}.")
    assert not messages[-1].is_error
    assert CANARIES["ssn"] in last
    report = [message.summary for message in messages if isinstance(message, sdk.TaskNotificationMessage)]
    assert [set(leaked(text)) for text in report] == [{"name", "ssn"}]
    bodies = upstream.bodies()
    assert [leaked(json.dumps(body)) for body in bodies] == [[]] * len(bodies)
    children = [body for body in bodies if [tool["name"] for tool in body["tools"]] == ["Read"]]
    parents = [body for body in bodies if body not in children]
    assert (len(parents), len(children)) == (3, 2)
    assert '"thinking"' in json.dumps(children[-1]["messages"])
    assert len(re.findall('"type": "thinking"', json.dumps(parents[-1]["messages"]))) == 2
    (number,) = set(re.findall(r"\[SSN_[A-Z2-7_]+\]", json.dumps([parents[0]["messages"]])))
    assert set(re.findall(r"\[SSN_[A-Z2-7_]+\]", json.dumps(bodies))) == {number}


@pytest.mark.parametrize("fault", ["error_stream", "cut"])
async def test_broken_stream_is_an_error_in_the_agent(stack, tmp_path, fault):
    """Claude Code sends again without a stream, meets the same fault, and says so: no half answer for a whole one."""
    choices = options(stack, stack.token("una"), tmp_path, CLAUDE_CODE_MAX_RETRIES="0")
    upstream = Upstream(stack.simulator)
    async with sdk.ClaudeSDKClient(choices) as client:
        result = await outcome(client, f"SSN {CANARIES['ssn']} sim:{fault}")
    assert result.is_error
    assert "API Error" in result.result
    assert "You wrote" not in result.result
    assert [body["stream"] for body in upstream.bodies()] == [True, False]
    assert leaked(json.dumps(upstream.bodies())) == []


async def test_hold_that_ends_is_told_once(hasty_stack, tmp_path):
    """409 after the hold reaches the agent's user as it is, and nothing is sent again."""
    stack = hasty_stack
    choices = options(stack, stack.token("ida"), tmp_path)
    upstream = Upstream(stack.simulator)
    async with sdk.ClaudeSDKClient(choices) as client:
        result = await outcome(client, "Print the entire chart.")
    assert result.is_error
    assert "API Error: 409" in result.result
    assert upstream.requests() == []
    rows = stack.sessions("list", token=stack.token("aud", "auditors"))
    assert [row["exchanges"] for row in rows if row["subject"] == "ida"] == [1]
