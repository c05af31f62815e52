// A program that uses the TypeScript SDK as its manual shows. It speaks the lines of `python_sdk.py`: one call a line,
// JSON, on standard input, and its outcome on standard output. What the SDK throws is an outcome too.

import { createInterface } from 'node:readline';

import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';

const operations = {
  /** Ask for a whole answer. */
  async create(client, said, { request, beta = false }) {
    const messages = beta ? client.beta.messages : client.messages;
    return { message: await messages.create(request) };
  },

  /** Ask for a stream and read its events one by one. */
  async events(client, said, { request }) {
    const kinds = [];
    for await (const event of await client.messages.create({ ...request, stream: true })) {
      kinds.push(event.type);
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') said.push(event.delta.text);
    }
    return { kinds };
  },

  /** Ask with the streaming helper: its text events, then its message. */
  async stream(client, said, { request, beta = false }) {
    const messages = beta ? client.beta.messages : client.messages;
    const answer = messages.stream(request).on('text', (text) => said.push(text));
    return { message: await answer.finalMessage() };
  },

  /** Hold a conversation of several prompts, each with its tool loop; what the SDK returned is sent back as it is. */
  async converse(client, said, { request, prompts, results }) {
    const [messages, answers, inputs] = [[], [], []];
    for (const prompt of prompts) {
      messages.push({ role: 'user', content: prompt });
      for (;;) {
        const message = await client.messages.stream({ ...request, messages }).finalMessage();
        messages.push({ role: 'assistant', content: message.content });
        const calls = message.content.filter((block) => block.type === 'tool_use');
        if (calls.length === 0) {
          answers.push(message);
          break;
        }
        inputs.push(...calls.map((call) => call.input));
        const content = calls.map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: results[call.name] }));
        messages.push({ role: 'user', content });
      }
    }
    return { answers, inputs };
  },

  /** Let the SDK's tool runner call a function until there is nothing more to call. */
  async run_tools(client, said, { request, result }) {
    const inputs = [];
    const readChart = betaTool({
      name: 'read_chart',
      description: 'Return the chart of a patient.',
      inputSchema: { type: 'object', properties: { patient: { type: 'string' } }, required: ['patient'] },
      run: (input) => {
        inputs.push(input);
        return result;
      },
    });
    const message = await client.beta.messages.toolRunner({ ...request, tools: [readChart] });
    return { message, inputs };
  },
};

/** Return what a program can know of an error. */
function told(error) {
  return {
    class: error.constructor.name,
    is_sdk: error instanceof Anthropic.AnthropicError,
    status: error.status ?? null,
    body: error.error ?? null,
    text: String(error.message),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { base_url: baseURL, token: apiKey, operation, ...call } = JSON.parse(line);
  const said = [];
  let done;
  try {
    done = await operations[operation](new Anthropic({ baseURL, apiKey }), said, call);
  } catch (error) {
    done = { error: told(error) };
  }
  console.log(JSON.stringify({ said: said.join(''), ...done }));
}
