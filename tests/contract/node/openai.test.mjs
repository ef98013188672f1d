// The official OpenAI client for JavaScript, unmodified.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI, { toFile } from "openai";

import { BASE, KEY, until } from "./server.mjs";

const client = new OpenAI({ apiKey: KEY, baseURL: BASE, maxRetries: 0 });
const model = "deepbrain-router";
const messages = [{ role: "user", content: "Hello there, old friend" }];
const weather = {
  name: "weather",
  description: "The weather in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

async function all(stream) {
  const found = [];
  for await (const each of stream) found.push(each);
  return found;
}

test("a chat is answered with its usage", async () => {
  const answer = await client.chat.completions.create({ model, messages });
  assert.equal(answer.choices[0].message.content, "Hello there, old friend");
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer.usage.total_tokens > 0);
});

test("a chat stream says the same piece by piece", async () => {
  const chunks = await all(
    await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } }),
  );
  const text = chunks.map((each) => each.choices[0]?.delta.content ?? "").join("");
  assert.equal(text, "Hello there, old friend");
  assert.ok(chunks.at(-1).usage.total_tokens > 0);
});

test("the streaming helper gathers a completion", async () => {
  const final = await client.chat.completions.stream({ model, messages }).finalChatCompletion();
  assert.equal(final.choices[0].message.content, "Hello there, old friend");
});

test("who leaves a chat stream is not an error of anybody's", async () => {
  const stream = await client.chat.completions.create({ model: "slow", messages, stream: true });
  for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
  assert.ok(stream.controller.signal.aborted);
  assert.equal((await client.chat.completions.create({ model, messages })).choices.length, 1);
});

test("a required tool is called with arguments of its schema, whole and streamed", async () => {
  const asked = { model, messages, tools: [{ type: "function", function: weather }], tool_choice: "required" };
  const whole = await client.chat.completions.create(asked);
  const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
  for (const { choices } of [whole, streamed]) {
    const [call] = choices[0].message.tool_calls;
    assert.equal(choices[0].finish_reason, "tool_calls");
    assert.equal(call.function.name, "weather");
    assert.equal(typeof JSON.parse(call.function.arguments).city, "string");
  }
});

test("the tool runner calls a function and gives its answer back", async () => {
  const cities = [];
  const tool = { ...weather, parse: JSON.parse, function: ({ city }) => (cities.push(city), "Sunny.") };
  const runner = client.chat.completions.runTools({
    model,
    messages: [{ role: "user", content: "What is the weather?" }],
    tools: [{ type: "function", function: tool }],
  });
  assert.ok(await runner.finalContent());
  assert.equal(cities.length, 1);
});

test("a response is complete, and is continued, retrieved and deleted", async () => {
  const first = await client.responses.create({ model, input: "My name is Ada" });
  assert.deepEqual([first.status, first.output_text], ["completed", "My name is Ada"]);
  const second = await client.responses.create({ model, input: "Again", previous_response_id: first.id });
  assert.equal(second.previous_response_id, first.id);
  assert.equal((await client.responses.retrieve(first.id)).output_text, "My name is Ada");
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
});

test("a responses stream is numbered from created to completed", async () => {
  const events = await all(await client.responses.create({ model, input: "Hello there friend", stream: true }));
  const numbers = events.map((each) => each.sequence_number);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  assert.deepEqual([events[0].type, events.at(-1).type], ["response.created", "response.completed"]);
  assert.equal(events.at(-1).response.usage.total_tokens > 0, true);
  const final = await client.responses.stream({ model, input: "Hello there friend" }).finalResponse();
  assert.equal(final.output_text, "Hello there friend");
});

test("a response in the background is polled, and canceled", async () => {
  const made = await client.responses.create({ model, input: "Hello", background: true });
  const ended = await until(async () => {
    const found = await client.responses.retrieve(made.id);
    return found.status === "completed" && found;
  }, "the end");
  assert.equal(ended.output_text, "Hello");
  const slow = await client.responses.create({ model: "slow", input: "x", background: true });
  assert.equal((await client.responses.cancel(slow.id)).status, "cancelled");
});

test("embeddings come in order, decoded from what the client asks for", async () => {
  const both = await client.embeddings.create({ model: "embed", input: ["one", "two"] });
  assert.deepEqual(both.data.map((each) => each.index), [0, 1]);
  const floats = await client.embeddings.create({ model: "embed", input: "two", encoding_format: "float" });
  const one = both.data[1].embedding;
  assert.ok(floats.data[0].embedding.every((each, place) => Math.abs(each - one[place]) < 1e-6));
  const short = await client.embeddings.create({ model: "embed", input: "one", dimensions: 8 });
  assert.equal(short.data[0].embedding.length, 8);
});

test("a picture comes as an address or as bytes", async () => {
  const asked = { model: "truefusion", prompt: "a fox", size: "256x256" };
  const byAddress = await client.images.generate(asked);
  assert.equal((await fetch(byAddress.data[0].url)).headers.get("content-type"), "image/png");
  const asBytes = await client.images.generate({ ...asked, response_format: "b64_json" });
  assert.equal(Buffer.from(asBytes.data[0].b64_json, "base64").toString("latin1", 1, 4), "PNG");
});

test("words are spoken, and written down again", async () => {
  const said = await client.audio.speech.create({
    model: "speech",
    voice: "alloy",
    input: "hello",
    response_format: "wav",
  });
  const sound = Buffer.from(await said.arrayBuffer());
  assert.equal(sound.toString("latin1", 0, 4), "RIFF");
  const file = await toFile(sound, "said.wav");
  assert.ok((await client.audio.transcriptions.create({ model: "transcribe", file })).text);
});

test("a file is kept, listed, read and deleted", async () => {
  const made = await client.files.create({ file: await toFile(Buffer.from("notes"), "notes.txt"), purpose: "user_data" });
  assert.deepEqual([made.filename, made.bytes], ["notes.txt", 5]);
  const listed = await all(await client.files.list());
  assert.ok(listed.some((each) => each.id === made.id));
  assert.equal(await (await client.files.content(made.id)).text(), "notes");
  assert.equal((await client.files.delete(made.id)).deleted, true);
  await assert.rejects(client.files.retrieve(made.id), OpenAI.NotFoundError);
});

test("models are listed and found", async () => {
  const found = (await all(await client.models.list())).map((each) => each.id);
  assert.ok(found.includes("truefusion"));
  assert.equal((await client.models.retrieve("deepbrain")).object, "model");
});

test("each refusal has its class, code and request id", async () => {
  const stranger = new OpenAI({ apiKey: "sk-wrong", baseURL: BASE, maxRetries: 0 });
  await assert.rejects(stranger.models.list(), { constructor: OpenAI.AuthenticationError, code: "invalid_api_key" });
  await assert.rejects(client.chat.completions.create({ model: "nope", messages }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    assert.match(error.requestID, /^req_/);
    return true;
  });
  await assert.rejects(client.chat.completions.create({ model, messages: [] }), {
    constructor: OpenAI.BadRequestError,
    param: "messages",
  });
  await assert.rejects(client.models.retrieve("nope"), OpenAI.NotFoundError);
});
