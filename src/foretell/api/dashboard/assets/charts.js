// Charts of figures by day: bars on top of each other, or lines. Each is also a table, and its days are walked by arrow keys.

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 220;
const EDGE = { left: 52, right: 8, top: 12, bottom: 24 };
const LABEL_WIDTH = 74;
const TICKS = 4;
const POINTS_MAX = 45;
const TIP_AWAY = 16;

/**
 * Draws a chart into `box`, anew whenever its width changes. `days` are ISO dates; each of `series` has a name, a
 * tone (the class of its colour) and a value for each day, null for none. `kind` is "bars" or "lines"; `format` says a
 * value for people, `most` is where the axis ends if that is known.
 */
export function chart(box, given) {
  box.observer?.disconnect();
  if (!given.series.some((each) => each.values.some((value) => value))) {
    box.replaceChildren(h("p", { class: "quiet nothing" }, given.nothing ?? "Nothing in these days."));
    return;
  }
  const plot = h("div", { class: "canvas" });
  const tip = h("div", { class: "tip", hidden: true });
  const spoken = h("span", { class: "unseen", "aria-live": "polite" });
  const frame = h("div", { class: "frame", tabindex: 0, role: "group", "aria-label": `${given.title}: a chart; the arrow keys walk through its days` }, plot, tip, spoken);
  box.replaceChildren(legend(given), frame, table(given));
  const state = { given, plot, tip, spoken, at: null, width: 0 };
  box.observer = new ResizeObserver(() => frame.clientWidth !== state.width && draw(state, frame.clientWidth));
  box.observer.observe(frame);
  frame.addEventListener("pointermove", (event) => point(state, nearest(state, event.clientX - plot.getBoundingClientRect().left)));
  frame.addEventListener("pointerleave", () => point(state, null));
  frame.addEventListener("blur", () => point(state, null));
  frame.addEventListener("keydown", (event) => walk(state, event));
}

function legend({ series }) {
  return h("ul", { class: "legend" }, series.map(({ name, tone }) => h("li", {}, h("span", { class: `swatch ${tone}`, "aria-hidden": "true" }), h("span", { class: "cut" }, name))));
}

function table({ days, series, format, title }) {
  const rows = days.map((each, place) => h("tr", {}, h("th", { scope: "row" }, each), series.map(({ values }) => h("td", { class: "right number" }, told(values[place], format)))));
  return h("details", { class: "as-table" }, h("summary", {}, "As a table"), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${title}, as a table` },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Day"), series.map(({ name }) => h("th", { scope: "col", class: "right" }, name)))), h("tbody", {}, rows))));
}

function told(value, format) {
  return value === null || value === undefined ? "–" : format(value);
}

function draw(state, width) {
  const { given, plot } = state;
  state.width = width;
  const inner = { left: EDGE.left, width: width - EDGE.left - EDGE.right, top: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom };
  const highest = given.kind === "bars" ? Math.max(...given.days.map((_, place) => sum(given.series, place))) : Math.max(...given.series.flatMap((each) => each.values.map((value) => value ?? 0)));
  const ticks = given.most ? [0, 1, 2, 3, 4].map((each) => (given.most * each) / 4) : nice(highest, given.isWhole);
  const step = inner.width / given.days.length;
  state.x = (place) => inner.left + step * (place + 0.5);
  state.step = step;
  state.left = inner.left;
  const y = (value) => inner.top + inner.height * (1 - value / ticks.at(-1));
  const svg = s("svg", { width, height: HEIGHT, "aria-hidden": "true" });
  for (const each of ticks) {
    svg.append(s("line", { class: "grid-line", x1: inner.left, x2: width - EDGE.right, y1: y(each), y2: y(each) }));
    svg.append(s("text", { class: "axis", x: inner.left - 8, y: y(each) + 4, "text-anchor": "end" }, given.format(each)));
  }
  svg.append(...dates(given.days, state, width));
  state.marker = svg.appendChild(s("rect", { class: "marker", x: 0, y: inner.top, width: Math.max(step, 2), height: inner.height, visibility: "hidden" }));
  svg.append(...(given.kind === "bars" ? bars(given, state, y) : lines(given, state, y)));
  plot.replaceChildren(svg);
  point(state, null);
}

function sum(series, place) {
  return series.reduce((total, each) => total + (each.values[place] ?? 0), 0);
}

/** Where the lines of an axis are: round numbers from 0 to at least `highest`. */
function nice(highest, isWhole) {
  const rough = highest / TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  if (isWhole) step = Math.max(1, Math.ceil(step));
  const count = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, place) => place * step);
}

function dates(days, state, width) {
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / state.step));
  const found = [];
  for (let place = days.length - 1; place >= 0; place -= every) {
    const half = LABEL_WIDTH / 2 - 8;
    const x = Math.min(Math.max(state.x(place), state.left + half - 20), width - half + 6);
    found.push(s("text", { class: "axis", x, y: HEIGHT - 6, "text-anchor": "middle" }, short(days[place])));
  }
  return found;
}

function bars({ days, series }, state, y) {
  const width = Math.max(1, Math.min(26, state.step * 0.72));
  return days.flatMap((_, place) => {
    let below = 0;
    return series.filter((each) => each.values[place]).map((each) => {
      const [bottom, top] = [y(below), y(below + each.values[place])];
      below += each.values[place];
      return s("rect", { class: each.tone, x: state.x(place) - width / 2, y: top, width, height: Math.max(0.75, bottom - top), rx: Math.min(2, width / 4) });
    });
  });
}

function lines({ days, series }, state, y) {
  return series.flatMap(({ values, tone }) => {
    let path = "";
    values.forEach((value, place) => {
      if (value !== null) path += `${place && values[place - 1] !== null ? "L" : "M"}${state.x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    });
    const isAlone = (place) => (values[place - 1] ?? null) === null && (values[place + 1] ?? null) === null;
    const points = values.flatMap((value, place) => (value !== null && (days.length <= POINTS_MAX || isAlone(place)) ? [s("circle", { class: tone, cx: state.x(place), cy: y(value), r: 2.5 })] : []));
    return [s("path", { class: `stroke ${tone}`, d: path }), ...points];
  });
}

function nearest(state, x) {
  const place = Math.floor((x - state.left) / state.step);
  return place >= 0 && place < state.given.days.length ? place : null;
}

function walk(state, event) {
  const last = state.given.days.length - 1;
  const to = { ArrowLeft: (state.at ?? last + 1) - 1, ArrowRight: (state.at ?? -1) + 1, Home: 0, End: last }[event.key];
  if (event.key === "Escape") point(state, null);
  if (to === undefined) return;
  event.preventDefault();
  point(state, Math.min(last, Math.max(0, to)));
  state.spoken.textContent = state.tip.innerText.replace(/\n/g, " ");
}

/** Shows the figures of a day; null hides them. */
function point(state, place) {
  const { given: { days, series, format }, tip, marker } = state;
  state.at = place;
  tip.hidden = place === null;
  marker?.setAttribute("visibility", place === null ? "hidden" : "visible");
  if (place === null) return;
  const rows = series.map(({ name, tone, values }) => h("li", {}, h("span", { class: `swatch ${tone}` }), h("span", { class: "cut" }, name), h("strong", { class: "number" }, told(values[place], format))));
  tip.replaceChildren(h("div", { class: "quiet" }, days[place]), h("ul", {}, rows));
  marker.setAttribute("x", state.x(place) - Math.max(state.step, 2) / 2);
  const beside = place < days.length / 2 ? state.x(place) + TIP_AWAY : state.x(place) - TIP_AWAY - tip.offsetWidth;
  tip.style.left = `${Math.min(Math.max(0, beside), state.width - tip.offsetWidth)}px`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function short(day) {
  const [, month, date] = day.split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]}`;
}

function s(tag, of, text = "") {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(of)) found.setAttribute(name, value);
  if (text) found.textContent = text;
  return found;
}
