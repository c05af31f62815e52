"""The operations of a program with the blocking client. Each returns JSON and adds the text it streamed to `said`."""

from __future__ import annotations

from anthropic import beta_tool


def create(client, said, *, request, beta=False):
    """Ask for a whole answer."""
    messages = client.beta.messages if beta else client.messages
    return {"message": messages.create(**request).to_dict(mode="json")}


def events(client, said, *, request):
    """Ask for a stream and read its events one by one."""
    kinds = []
    for event in client.messages.create(**request, stream=True):
        kinds.append(event.type)
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            said.append(event.delta.text)
    return {"kinds": kinds}


def stream(client, said, *, request, beta=False):
    """Ask with the streaming helper: its text, then its message."""
    messages = client.beta.messages if beta else client.messages
    with messages.stream(**request) as answer:
        said.extend(answer.text_stream)
        return {"message": answer.get_final_message().to_dict(mode="json")}


def converse(client, said, *, request, prompts, results):
    """Hold a conversation of several prompts, each with its tool loop; what the SDK returned is sent back as it is."""
    messages, answers, inputs = [], [], []
    for prompt in prompts:
        messages.append({"role": "user", "content": prompt})
        while True:
            with client.messages.stream(**request, messages=messages) as answer:
                message = answer.get_final_message()
            messages.append({"role": "assistant", "content": message.content})
            calls = [block for block in message.content if block.type == "tool_use"]
            if not calls:
                break
            inputs.extend(call.input for call in calls)
            messages.append(
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": call.id, "content": results[call.name]} for call in calls
                    ],
                }
            )
        answers.append(message.to_dict(mode="json"))
    return {"answers": answers, "inputs": inputs}


def run_tools(client, said, *, request, result):
    """Let the SDK's tool runner call a Python function until there is nothing more to call."""
    inputs = []

    @beta_tool
    def read_chart(patient: str) -> str:
        """Return the chart of a patient.

        Args:
            patient: the patient's name.
        """
        inputs.append({"patient": patient})
        return result

    message = client.beta.messages.tool_runner(**request, tools=[read_chart]).until_done()
    return {"message": message.to_dict(mode="json"), "inputs": inputs}
