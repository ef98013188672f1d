// The official JavaScript client, 1.0.0, unmodified.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SkytellsClient, SkytellsError, createClient } from "skytells";

import { BASE, KEY, SOFT_BASE, until } from "./server.mjs";

const FOX = { prompt: "a fox", width: 64, height: 64 };
const client = createClient(KEY, { baseUrl: BASE });

async function refusal(call, errorId, httpStatus) {
  const error = await call.then(() => assert.fail("it was not refused"), (caught) => caught);
  assert.ok(error instanceof SkytellsError, String(error));
  assert.deepEqual([error.errorId, error.httpStatus], [errorId, httpStatus]);
  assert.equal(typeof error.details, "string");
  return error;
}

test("a base URL may end with a slash, which doubles the slash of every path", async () => {
  const models = await createClient(KEY, { baseUrl: `${BASE}/` }).listModels();
  assert.ok(models.length > 0);
});

test("models are listed as an array with the fields that applications filter by", async () => {
  const models = await client.listModels();
  assert.ok(Array.isArray(models));
  const found = models.find((each) => each.namespace === "truefusion");
  assert.deepEqual([found.type, found.status, found.vendor.slug.length > 0], ["image", "operational", true]);
});

test("an awaited prediction answers with its outputs, which anyone can fetch", async () => {
  const prediction = await client.predict({ model: "truefusion", input: FOX, await: true });
  assert.equal(prediction.status, "succeeded");
  assert.equal(prediction.output.length, 1);
  const picture = await fetch(prediction.output[0]);
  assert.equal(picture.headers.get("content-type"), "image/png");
  assert.deepEqual([...new Uint8Array(await picture.arrayBuffer())].slice(0, 4), [0x89, 0x50, 0x4e, 0x47]);
});

test("a prediction without await is starting, and is found again until it has ended", async () => {
  const made = await client.predict({ model: "slow", input: { seconds: 0.3 } });
  assert.equal(made.status, "starting");
  const ended = await until(async () => {
    const found = await client.getPrediction(made.id);
    return found.completed_at && found;
  }, "the end");
  assert.equal(ended.status, "succeeded");
});

test("streamPrediction reads JSON with the address of the stream", async () => {
  const made = await client.predict({ model: "echo", input: { prompt: "hi" }, stream: true });
  const found = await client.streamPrediction(made.id);
  assert.equal(found.urls.stream, `${BASE}/predictions/${made.id}/stream`);
});

test("a canceled prediction is cancelled in the words of this client", async () => {
  const made = await client.predict({ model: "slow", input: { seconds: 600 } });
  const canceled = await client.cancelPrediction(made.id);
  assert.deepEqual([canceled.status, canceled.success], ["cancelled", true]);
  assert.equal((await client.getPrediction(made.id)).status, "cancelled");
});

test("a deleted prediction is gone, and its files with it", async () => {
  const made = await client.predict({ model: "truefusion", input: FOX, await: true });
  assert.equal((await client.deletePrediction(made.id)).success, true);
  await refusal(client.getPrediction(made.id), "PREDICTION_NOT_FOUND", 404);
  assert.equal((await fetch(made.output[0])).status, 404);
});

test("a failed prediction is answered with the model's own sentence and does not throw", async () => {
  const failed = await client.predict({ model: "fail", input: { message: "No such fox." }, await: true });
  assert.deepEqual([failed.status, failed.output], ["failed", null]);
  assert.match(failed.response, /No such fox\./);
});

test("an unknown id, model or key is an error with its id and status", async () => {
  await refusal(client.getPrediction("unknown"), "PREDICTION_NOT_FOUND", 404);
  await refusal(client.predict({ model: "nope", input: {} }), "MODEL_NOT_FOUND", 404);
  await refusal(client.predict({ model: "truefusion" }), "VALIDATION_ERROR", 422);
  const error = await refusal(client.predict({ model: "truefusion", input: { promt: "x" } }), "INVALID_INPUT", 422);
  assert.match(error.details, /did you mean 'prompt'\?/);
  await refusal(new SkytellsClient("sk-wrong", { baseUrl: BASE }).listModels(), "UNAUTHORIZED", 401);
  await refusal(new SkytellsClient(undefined, { baseUrl: BASE }).listModels(), "UNAUTHORIZED", 401);
});

test("a body that is too large is refused in words", async () => {
  const call = client.predict({ model: "echo", input: { prompt: "x".repeat(30_000_000) } });
  await refusal(call, "PAYLOAD_TOO_LARGE", 413);
});

test("its own timeout ends a wait, and the prediction goes on", async () => {
  const hasty = createClient(KEY, { baseUrl: BASE, timeout: 500 });
  const prompt = `hasty ${Date.now()}`;
  const call = hasty.predict({ model: "slow", input: { seconds: 1.5, prompt }, await: true });
  await refusal(call, "REQUEST_TIMEOUT", 408);
  const ended = await until(async () => {
    const answer = await fetch(`${BASE}/predictions?model=slow&per_page=50`, { headers: { "x-api-key": KEY } });
    const { data } = await answer.json();
    return data.find((each) => each.input.prompt === prompt && each.completed_at);
  }, "the end");
  assert.equal(ended.status, "succeeded");
});

test("an application that reads output[0] of a create without await works where the server waits softly", async () => {
  const prediction = await createClient(KEY, { baseUrl: SOFT_BASE }).predict({ model: "truefusion", input: FOX });
  assert.equal((await fetch(prediction.output[0])).status, 200);
  assert.equal(prediction.metadata.storage.files[0].url, prediction.output[0]);
});

test("a soft wait is not for callers who ask not to wait", async () => {
  const soft = createClient(KEY, { baseUrl: SOFT_BASE });
  assert.equal((await soft.predict({ model: "truefusion", input: FOX, await: false })).status, "starting");
});
