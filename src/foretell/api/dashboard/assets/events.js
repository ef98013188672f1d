// Server-sent events, followed through broken connections from the last one that came.

import { headers, Refusal } from "./api.js";

const PAUSES_MS = [300, 1000, 2000, 5000];

/**
 * Follows a stream until `seen` says that it is over. `seen(name, data, id)` is called for each event, in order, and
 * returns true for the last one. Throws a Refusal, or AbortError when `signal` ends it.
 */
export async function follow(path, seen, { signal, last = "" } = {}) {
  let id = last;
  for (let failures = 0; ;) {
    try {
      const more = id ? { "last-event-id": id } : {};
      const answer = await fetch(path, { signal, headers: headers({ accept: "text/event-stream", ...more }) });
      if (!answer.ok) throw new Refusal(answer.status, (await answer.json().catch(() => null))?.error);
      for await (const event of events(answer.body)) {
        failures = 0;
        id = event.id || id;
        if (seen(event.name, event.data, id)) return;
      }
    } catch (error) {
      if (error instanceof Refusal || error.name === "AbortError") throw error;
    }
    await pause(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)], signal);
    failures += 1;
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop();
    for (const each of blocks) {
      const event = parsed(each);
      if (event) yield event;
    }
  }
}

function parsed(block) {
  const event = { name: "message", id: "", data: "" };
  const lines = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
    else if (field === "data") lines.push(value);
  }
  if (!lines.length) return null;
  try {
    event.data = JSON.parse(lines.join("\n"));
  } catch {
    event.data = lines.join("\n");
  }
  return event;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
