// A prediction's timeline: what it was at, when, and for how long.

import { h } from "./dom.js";
import { duration, exact } from "./words.js";

const STEPS = [
  ["queued", "Queued"], ["fetching", "Fetching files"], ["downloading", "Downloading"], ["building", "Preparing"],
  ["loading", "Loading"], ["running", "Running"], ["storing", "Storing"],
];
const TITLES = { ...Object.fromEntries(STEPS), paused: "Paused" };
const TOLD_SECONDS_MIN = 0.0005;
const ENDS = { succeeded: "Succeeded", failed: "Failed", canceled: "Canceled", cancelled: "Canceled" };

/** Elements that say how one that has ended spent its time. */
export function told(prediction) {
  const phases = prediction.metadata?.phases ?? {};
  const created = Date.parse(prediction.created_at);
  const started = Date.parse(prediction.started_at);
  const steps = [];
  let at = created;
  for (const [name, title] of STEPS) {
    const seconds = phases[`${name}_seconds`];
    if (seconds === undefined || (seconds < TOLD_SECONDS_MIN && name !== "queued" && name !== "running")) continue;
    if (name === "running" && started) at = started;
    steps.push({ name, title, seconds, at });
    at += seconds * 1000;
  }
  const last = { name: "end", title: ENDS[prediction.status] ?? prediction.status, at: Date.parse(prediction.completed_at) };
  return drawn(steps, last, prediction.metrics?.total_time);
}

/** Elements that say what a live one was and is at: `phases` are `[name, instant in ms]`, the last one goes on. */
export function telling(phases, now = Date.now()) {
  const steps = phases.map(([name, at], place) => {
    const until = phases[place + 1]?.[1] ?? now;
    return { name, title: TITLES[name] ?? name, seconds: Math.max(0, until - at) / 1000, at, isNow: place === phases.length - 1 };
  });
  return drawn(steps);
}

function drawn(steps, last = null, all = null) {
  const total = steps.reduce((sum, each) => sum + each.seconds, 0);
  const bar = h("div", { class: "spent", "aria-hidden": "true" }, steps.map(({ name, seconds }) => {
    const part = h("span", { class: `phase-${name}` });
    part.style.flexGrow = String(total ? seconds / total : 1);
    return part;
  }));
  const items = steps.map(({ name, title, seconds, at, isNow }) => h("li", { class: isNow ? "now" : null, "data-phase": name },
    h("span", { class: `dot phase-${name}`, "aria-hidden": "true" }), h("span", {}, title),
    h("strong", { class: "number" }, duration(seconds)), moment(at)));
  if (last) items.push(h("li", { "data-phase": "end" }, h("span", { class: "dot phase-end", "aria-hidden": "true" }), h("span", {}, last.title), h("strong", { class: "number" }, `${duration(all ?? total)} in all`), moment(last.at)));
  return [bar, h("ol", { class: "steps" }, items)];
}

function moment(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  const words = date.toLocaleTimeString(undefined, { hour12: false });
  return h("time", { class: "quiet number", datetime: date.toISOString(), title: exact(date) }, words);
}
