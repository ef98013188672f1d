// Applications that were built without a base URL: the preload sends them to a server of one's own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, KEY } from "./server.mjs";

process.env.SKYTELLS_BASE_URL = BASE;
await import("./preload.mjs");
const { createClient } = await import("skytells");

test("an application without a base URL reaches a server of one's own through the preload", async () => {
  const client = createClient(KEY);
  const prediction = await client.predict({ model: "echo", input: { prompt: "hello" }, await: true });
  assert.equal(prediction.output, "hello");
  assert.equal((await client.getPrediction(prediction.id)).urls.get, `${BASE}/predictions/${prediction.id}`);
});
