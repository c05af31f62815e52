"""The Claude simulator through the real SDK: the same in both modes."""

from __future__ import annotations

import re
import time

import anthropic
import pytest
from simulator_calls import MODEL, TOOL_INPUT, TOOL_JSON, ask


@pytest.mark.parametrize("stream", [False, True])
class TestThroughTheSdk:
    """What a caller with the official SDK gets is the same in both modes."""

    def test_echo_shows_what_arrived(self, client, stream):
        """The default answer quotes the last user text, letter by letter."""
        text = "Visit on 3 May:\n\te\u0301 and \u2028 and 😀 in \\u0041."
        message = ask(client, text, stream=stream)
        assert [block.type for block in message.content] == ["text"]
        assert message.content[0].text == f"You wrote: {text}"
        assert (message.stop_reason, message.role, message.model) == ("end_turn", "assistant", MODEL)
        assert message.usage.input_tokens > 10
        assert message.usage.output_tokens > 10

    def test_only_the_prompt_outside_reminders_counts(self, client, stream):
        """Reminders and system messages are neither echoed nor read for directives."""
        messages = [
            {"role": "user", "content": "sim:say earlier"},
            {"role": "assistant", "content": "earlier"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<system-reminder>\nsim:error 500\n</system-reminder>"},
                    {"type": "text", "text": "<system-reminder>a</system-reminder>\n One.\n"},
                    {"type": "text", "text": "Two."},
                ],
            },
            {"role": "system", "content": "sim:error 500"},
        ]
        message = ask(client, "", stream=stream, messages=messages)
        assert message.content[0].text == "You wrote: One.\nTwo."

    def test_tools_are_called_and_their_results_quoted(self, client, stream):
        """Two parallel calls carry exact input; the turn after them quotes 200 characters of the results."""
        prompt = f"sim:tool book_visit {TOOL_JSON} sim:tool note {{}}"
        tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("book_visit", "note")]
        first = ask(client, prompt, stream=stream, tools=tools)
        assert first.stop_reason == "tool_use"
        assert [(block.name, block.input) for block in first.content] == [("book_visit", TOOL_INPUT), ("note", {})]
        ids = [block.id for block in first.content]
        assert len(set(ids)) == 2
        results = [
            {"type": "tool_result", "tool_use_id": ids[0], "content": "a" * 150},
            {"type": "tool_result", "tool_use_id": ids[1], "content": [{"type": "text", "text": "b" * 150}]},
        ]
        messages = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": results},
        ]
        second = ask(client, "", stream=stream, tools=tools, messages=messages)
        assert second.content[0].text == f"The tool returned: {'a' * 150}\n{'b' * 49}"
        assert second.stop_reason == "end_turn"

    def test_thinking_comes_back_and_verifies(self, client, stream):
        """Thinking, redacted thinking and text of one turn are accepted in the next, and not when changed."""
        prompt = "sim:thinking sim:redacted How are you?"
        first = ask(client, prompt, stream=stream)
        assert [block.type for block in first.content] == ["thinking", "redacted_thinking", "text"]
        assert "How are you?" in first.content[0].thinking
        messages = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": "And now?"},
        ]
        assert ask(client, "", stream=stream, messages=messages).content[0].text == "You wrote: And now?"
        messages[0]["content"] = prompt.replace("How", "Who")
        with pytest.raises(anthropic.BadRequestError) as caught:
            ask(client, "", stream=stream, messages=messages)
        assert caught.value.type == "invalid_request_error"
        assert caught.value.body["error"]["message"] == (
            "messages.1.content.0: Invalid `signature` in `thinking` block."
            " The block is bound to a different conversation."
        )
        with pytest.raises(anthropic.BadRequestError, match="different conversation"):
            client.messages.count_tokens(model=MODEL, messages=messages)

    def test_omitted_thinking_is_empty_and_signed(self, client, stream):
        """With display omitted the thinking text is empty and the signature still verifies."""
        thinking = {"type": "adaptive", "display": "omitted"}
        first = ask(client, "sim:thinking Hi", stream=stream, thinking=thinking)
        assert first.content[0].thinking == ""
        assert first.content[0].signature
        messages = [
            {"role": "user", "content": "sim:thinking Hi"},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": "Bye"},
        ]
        ask(client, "", stream=stream, messages=messages)

    @pytest.mark.parametrize("names", [["Read"], ["Read", "Bash"], ["Bash", "Read", "Bash"]])
    def test_an_agent_loop_calls_one_tool_after_the_other(self, client, stream, names):
        """Each step thinks, calls the next tool that the directives name, and ends with text."""
        tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("Read", "Bash")]
        prompt = " ".join(f'sim:agent {name} {{"argument": "x"}}' for name in names)
        messages = [{"role": "user", "content": prompt}]
        seen = []
        for _ in range(len(names) + 1):
            message = ask(client, "", stream=stream, tools=tools, messages=messages)
            seen.append([getattr(block, "name", block.type) for block in message.content])
            messages.append({"role": "assistant", "content": message.content})
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": f"from {block.name}"}
                for block in message.content
                if block.type == "tool_use"
            ]
            messages.append({"role": "user", "content": results})
        assert seen == [*(["thinking", name] for name in names), ["thinking", "text"]]
        assert message.content[1].text == f"The tool returned: from {names[-1]}"

    def test_an_agent_without_the_tool_says_so(self, client, stream):
        """A tool that is not offered is not called."""
        message = ask(client, 'sim:agent Read {"file_path": "/x"}', stream=stream)
        assert [block.type for block in message.content] == ["thinking", "text"]
        assert message.content[1].text == "The tool Read is not offered."

    def test_deltas_are_counted_and_plain(self, client, stream):
        """sim:deltas gives 20 characters for each delta, in both modes the same."""
        text = ask(client, "sim:deltas 100", stream=stream).content[0].text
        assert len(text) == 2000
        assert re.fullmatch(r"[a-z ,]+", text)

    def test_say_stops_at_the_line_and_at_stop_sequences(self, client, stream):
        """sim:say answers its line; a stop sequence ends the text before it and is named."""
        assert ask(client, "Please sim:say One two.\nthree", stream=stream).content[0].text == "One two."
        message = ask(client, "sim:say One [NAME_A] two", stream=stream, stop_sequences=["nowhere", "[NAME_A]"])
        assert (message.content[0].text, message.stop_reason) == ("One ", "stop_sequence")
        assert message.stop_sequence == "[NAME_A]"

    def test_max_tokens_ends_in_the_middle(self, client, stream):
        """sim:max_tokens keeps half of the text; max_tokens 0 answers nothing."""
        message = ask(client, "sim:max_tokens sim:say " + "word " * 20, stream=stream)
        assert message.stop_reason == "max_tokens"
        assert 0 < len(message.content[0].text) < 99
        assert ask(client, "Hello", stream=stream, max_tokens=0).content == []
        assert len(ask(client, "sim:deltas 10 sim:max_tokens", stream=stream).content[0].text) == 100

    def test_citations_and_unknown_blocks_are_there_to_be_masked(self, client, stream):
        """A citation quotes the text, and an unknown block survives the SDK."""
        message = ask(client, "sim:citations sim:unknown sim:say A quiet day.", stream=stream)
        assert message.content[0].citations[0].cited_text == "A quiet day."
        assert message.content[1].type == "later_block"

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (400, anthropic.BadRequestError),
            (403, anthropic.PermissionDeniedError),
            (429, anthropic.RateLimitError),
            (500, anthropic.InternalServerError),
            (529, anthropic.OverloadedError),
        ],
    )
    def test_errors_raise_what_the_api_raises(self, client, stream, status, error):
        """sim:error gives the status, its error type and the text asked for."""
        with pytest.raises(error) as caught:
            ask(client, f"sim:error {status} about Jane", stream=stream)
        assert caught.value.status_code == status
        assert caught.value.body["error"]["message"] == "about Jane"
        assert caught.value.request_id == caught.value.body["request_id"]

    def test_an_error_only_the_first_time(self, client, stream):
        """The very same body fails once and passes then, as an overloaded API does."""
        text = f"sim:error_first 529 {stream} {time.time_ns()}"
        with pytest.raises(anthropic.OverloadedError):
            ask(client, text, stream=stream)
        assert ask(client, text, stream=stream).content
