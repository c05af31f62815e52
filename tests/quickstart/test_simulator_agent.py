"""Claude Code's own command line against the simulator: tools and thinking over several turns."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.agent


async def ask(client, prompt):
    """Send a prompt and return every message up to the result."""
    await client.query(prompt)
    return [message async for message in client.receive_response()]


async def test_three_turns_with_tools_and_thinking(start_simulator, tmp_path):
    """The bundled CLI reads a file twice and talks once; each later turn brings back thinking that must still verify."""
    sdk = pytest.importorskip("claude_agent_sdk")
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    note, other = work / "note.txt", work / "other.txt"
    note.write_text("the kettle is on the hob\n")
    other.write_text("the cat is on the sill\n")
    with start_simulator() as simulator:
        options = sdk.ClaudeAgentOptions(
            allowed_tools=["Read"],
            cwd=work,
            model="claude-sonnet-5-5",
            setting_sources=[],
            env={
                "ANTHROPIC_BASE_URL": simulator.url,
                "ANTHROPIC_API_KEY": "simulator-key",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "DISABLE_TELEMETRY": "1",
                "HOME": str(home),
            },
        )
        async with sdk.ClaudeSDKClient(options) as client:
            first = await ask(client, f'sim:agent Read {{"file_path": "{note}"}}')
            second = await ask(
                client, f'Both: sim:agent Read {{"file_path": "{other}"}} sim:agent Read {{"file_path": "{note}"}}'
            )
            third = await ask(client, "sim:thinking Thank you.")
        requests = [entry for entry in simulator.journal()["requests"] if entry["path"].startswith("/v1/messages")]
    for turn in (first, second, third):
        result = turn[-1]
        assert isinstance(result, sdk.ResultMessage)
        assert not result.is_error, result
    assert "The tool returned:" in first[-1].result
    assert "kettle" in first[-1].result
    assert "kettle" in second[-1].result
    assert third[-1].result.endswith("Thank you.")
    bodies = [json.loads(entry["body"]) for entry in requests]
    assert len(bodies) == 2 + 3 + 1
    echoed = [
        block["signature"]
        for message in bodies[-1]["messages"]
        if message["role"] == "assistant"
        for block in message["content"]
        if block["type"] == "thinking"
    ]
    assert len(echoed) == 5
    assert len(set(echoed)) == 5
