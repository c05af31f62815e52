"""Claude Code's own command line through phigate: tools, thinking, restore, holds, and a rule reload in between."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import signal

import pytest
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


def options(stack, token, folder):
    home, work = folder / "home", folder / "work"
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    return sdk.ClaudeAgentOptions(
        allowed_tools=["Read"],
        cwd=work,
        model="claude-sonnet-5-5",
        setting_sources=[],
        env={
            "ANTHROPIC_BASE_URL": stack.base_url,
            "ANTHROPIC_API_KEY": token,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "HOME": str(home),
        },
    )


async def ask(client, prompt):
    """Send a prompt and return the text of its result."""
    await client.query(prompt)
    *_, result = [message async for message in client.receive_response()]
    assert isinstance(result, sdk.ResultMessage)
    assert not result.is_error, result
    return result.result


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
            20,
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
