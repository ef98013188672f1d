// One prediction: what it was given, what comes of it, how it spent its time, and all there is to know.

import { get, remove } from "./api.js";
import { delivery } from "./deliveries.js";
import { h, icon, one, time } from "./dom.js";
import { follow } from "./events.js";
import { rendered } from "./results.js";
import { FINAL, Run } from "./run.js";
import { telling, told } from "./timeline.js";
import { refused, sayNext } from "./toasts.js";
import { counted, credits, duration, size } from "./words.js";

const EVENTS_MAX = 1000;
const EVENT_CHARACTERS_MAX = 2000;
const TICK_MS = 500;

const stage = one("#stage");
const { prediction: id } = stage.dataset;
const phases = [];
let events = 0;
let isOver = false;

function fact(name, value) {
  if (value === "" || value === null) return [h("dt", {}, name), h("dd", { class: "quiet" }, "nothing")];
  const isShort = typeof value !== "string" || (value.length < 60 && !/^https?:/.test(value));
  const shown = isShort && typeof value !== "object" ? [String(value)] : rendered(value);
  return [h("dt", {}, name), h("dd", {}, shown)];
}

function showInput(input) {
  if (one("#input dl")) return;
  const entries = Object.entries(input ?? {});
  const facts = entries.length ? h("dl", { class: "facts" }, entries.map(([name, value]) => fact(name, value))) : h("p", { class: "quiet" }, "It was given nothing, or that is no longer kept.");
  one("#input").replaceChildren(facts);
}

function changed({ prediction }) {
  if (!prediction?.status) return;
  showInput(prediction.input);
  showFigures(prediction);
  one("#json").textContent = JSON.stringify(prediction, null, 2);
  if (!FINAL.has(prediction.status)) return;
  isOver = true;
  one("#timeline").replaceChildren(...told(prediction));
  showDeliveries();
}

/** What a live prediction is at; the same phase may come again with news. */
function entered(name, at) {
  if (phases.at(-1)?.[0] !== name) phases.push([name, at]);
  showTimeline();
}

function showTimeline() {
  if (!isOver && phases.length) one("#timeline").replaceChildren(...telling(phases));
}

function heard(name, data) {
  if (name === "status" && data.at && !FINAL.has(data.status)) {
    entered(data.phase ?? (data.status === "processing" ? "running" : "queued"), Date.parse(data.at));
  }
  note(name, data);
}

/** An event as a line of their table. */
function note(name, data) {
  if (name === "done" || (events += 1) > EVENTS_MAX) return;
  const panel = one("#panel-events");
  let body = one("tbody", panel);
  if (!body) {
    body = h("tbody");
    panel.replaceChildren(h("div", { class: "events", tabindex: 0, role: "region", "aria-label": "Events" }, h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Event"), h("th", { scope: "col" }, "What it says"))), body)));
  }
  body.append(h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, h("pre", {}, cut(words(name, data))))));
}

/** As much of a long text as helps; all of it is in the output. */
function cut(text) {
  return text.length > EVENT_CHARACTERS_MAX ? `${text.slice(0, EVENT_CHARACTERS_MAX)} …` : text;
}

function words(name, data) {
  if (name === "log") return data.text;
  if (name === "progress") return `${data.progress} %${data.of ? `, ${counted(data)}` : ""}`;
  if (name === "preview") return "An unfinished picture.";
  if (name === "output" && typeof data.value === "string") return data.value;
  return JSON.stringify(data, null, 1).replace(/\s+/g, " ");
}

const FIGURES = {
  predict_time: ["Running", duration], total_time: ["In all", duration], queue_time: ["Before it ran", duration],
  load_time: ["Loading the model", duration], cpu_time: ["Processor time", duration],
  memory_peak_mb: ["Memory at most", (value) => size(value * 1e6)], gpu_memory_peak_mb: ["GPU memory at most", (value) => size(value * 1e6)],
  progress: ["Progress", (value) => `${value} %`],
};

function showFigures({ metrics, metadata, model, source, privacy, ...rest }) {
  const rows = [
    ["Model", h("a", { href: `/models/${encodeURIComponent(model.name)}` }, model.name)],
    ["Made by", { api: "the API", cli: "the command line", dashboard: "the dashboard", web: "the dashboard" }[source] ?? source],
    ["Who may see it", privacy === "public" ? "whoever has the link" : "your account"],
    ["Created", time(rest.created_at)],
    ["Cost", metadata.billing?.credits_used ? `${credits(metadata.billing.credits_used)} credits` : "nothing"],
    rest.webhook?.url ? ["Webhook", h("span", { class: "mono" }, rest.webhook.url)] : null,
    metadata.progress ? ["Got to", counted(metadata.progress)] : null,
    metadata.data_expires_at ? ["Output kept until", time(metadata.data_expires_at)] : null,
    ...Object.entries(metrics ?? {}).map(([name, value]) => [FIGURES[name]?.[0] ?? name.replaceAll("_", " "), (FIGURES[name]?.[1] ?? ((each) => each.toLocaleString("en")))(value)]),
  ];
  one("#panel-facts").replaceChildren(h("dl", { class: "facts" }, rows.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

async function showDeliveries() {
  const panel = one("#panel-deliveries");
  if (!panel) return;
  try {
    const { data } = await get(`/v1/predictions/${id}/deliveries`);
    const options = { mayResend: "manages" in stage.dataset };
    const shown = data.map((each) => delivery(each, options));
    const nothing = h("div", { class: "empty" }, icon("webhooks"), h("h2", {}, "No webhooks"), h("p", {}, "It was created without one, or nothing that one asked for has happened yet."));
    panel.replaceChildren(...(shown.length ? shown : [nothing]));
  } catch (error) {
    panel.replaceChildren(h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("span", {}, error.message)));
  }
}

/** What one that has ended said on its way. */
function replay(run) {
  return follow(`/v1/predictions/${id}/stream`, (name, data) => {
    if (name === "log") run.note(data.text);
    note(name, data);
    return name === "done";
  }).catch(() => {});
}

async function erase(event) {
  event.currentTarget.disabled = true;
  try {
    await remove(`/v1/predictions/${id}`);
    sayNext("The prediction is deleted.");
    location.assign("/predictions");
  } catch (error) {
    one("#delete").close();
    one("#delete-it").disabled = false;
    refused(error);
  }
}

one("#delete-it")?.addEventListener("click", erase);
const run = new Run({ streams: "streams" in stage.dataset, changed, heard });
const ticking = setInterval(showTimeline, TICK_MS);
try {
  const opened = run.open(id);
  stage.replaceChildren(run.element);
  showDeliveries();
  await opened;
  if (!events) await replay(run);
} catch (error) {
  stage.replaceChildren(h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("span", {}, error.message)));
  for (const each of ["#input", "#timeline", "#panel-facts"]) one(each).replaceChildren();
} finally {
  clearInterval(ticking);
}
