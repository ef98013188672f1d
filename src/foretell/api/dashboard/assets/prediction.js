// One prediction: what it was given and what comes of it.

import { h, icon, one } from "./dom.js";
import { rendered } from "./results.js";
import { Run } from "./run.js";

const stage = one("#stage");

function fact(name, value) {
  const isShort = typeof value !== "string" || (value.length < 60 && !/^https?:/.test(value));
  const shown = isShort && typeof value !== "object" ? [String(value)] : rendered(value);
  return [h("dt", {}, name), h("dd", {}, shown)];
}

function showInput(input) {
  const entries = Object.entries(input ?? {});
  const facts = entries.length ? h("dl", { class: "facts" }, entries.map(([name, value]) => fact(name, value))) : h("p", { class: "quiet" }, "It was given nothing, or that is no longer kept.");
  one("#input").replaceChildren(facts);
}

const run = new Run({ streams: "streams" in stage.dataset, changed: (each) => each.prediction && showInput(each.prediction.input) });
try {
  const opened = run.open(stage.dataset.prediction);
  stage.replaceChildren(run.element);
  await opened;
} catch (error) {
  stage.replaceChildren(h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("span", {}, error.message)));
  one("#input").replaceChildren();
}
