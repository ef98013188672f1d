// Values: JSON as a tree that opens, and vectors as a shape.

import { copy, h } from "./dom.js";

const OPEN_DEPTH = 2;
const SHOWN_MAX = 200;
const BARS = 128;

/** A JSON value, to be looked into. */
export function tree(value) {
  return h("div", { class: "said" }, copy(JSON.stringify(value, null, 2), "Copy the JSON"), h("div", { class: "tree mono" }, node(null, value, 0)));
}

/** A vector: how long it is, what it looks like, and how it begins. */
export function vector(numbers, title = "") {
  const length = Math.hypot(...numbers);
  const first = numbers.slice(0, 6).map((each) => each.toPrecision(3)).join(", ");
  return h("figure", { class: "result vector" }, shape(numbers), h("figcaption", {},
    h("span", {}, h("strong", {}, title || "A vector"), ` of ${numbers.length.toLocaleString("en")} numbers, length ${length.toPrecision(4)}`, h("br"), h("span", { class: "quiet mono" }, `${first}${numbers.length > 6 ? ", …" : ""}`)),
    copy(JSON.stringify(numbers), "Copy the numbers")));
}

function node(name, value, depth) {
  const label = name === null ? null : h("span", { class: "name" }, `${name}: `);
  if (value === null || typeof value !== "object") return h("div", { class: "leaf" }, label, leaf(value));
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (!entries.length) return h("div", { class: "leaf" }, label, `${open}${close}`);
  if (isList && entries.length > 8 && value.every((each) => typeof each === "number")) {
    return h("div", { class: "leaf" }, label, h("span", { class: "quiet" }, `[${value.slice(0, 4).join(", ")}, … ${value.length} numbers]`));
  }
  const inner = entries.slice(0, SHOWN_MAX).map(([key, each]) => node(key, each, depth + 1));
  if (entries.length > SHOWN_MAX) inner.push(h("div", { class: "quiet" }, `… and ${entries.length - SHOWN_MAX} more`));
  const about = isList ? `${entries.length} ${entries.length === 1 ? "item" : "items"}` : `${entries.length} ${entries.length === 1 ? "field" : "fields"}`;
  return h("details", { open: depth < OPEN_DEPTH }, h("summary", {}, label, h("span", { class: "quiet" }, `${open} ${about} ${close}`)), h("div", { class: "inner" }, inner));
}

function leaf(value) {
  if (typeof value === "string") return h("span", { class: "string" }, JSON.stringify(value));
  return h("span", { class: "figure-word" }, String(value));
}

function shape(numbers) {
  const canvas = h("canvas", { width: BARS * 5, height: 120, "aria-hidden": "true" });
  const step = Math.max(1, numbers.length / BARS);
  const bars = Array.from({ length: Math.min(BARS, numbers.length) }, (_, bar) => numbers[Math.floor(bar * step)]);
  const most = Math.max(...bars.map(Math.abs), 1e-9);
  requestAnimationFrame(() => {
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(canvas).accentColor;
    const width = canvas.width / bars.length;
    bars.forEach((each, place) => {
      const height = (each / most) * 56;
      context.fillRect(place * width, 60 - Math.max(height, 0), width * 0.7, Math.max(1, Math.abs(height)));
    });
  });
  return canvas;
}
