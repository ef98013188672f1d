// Elements: how scripts make them, so that text is always text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element. `of` has attributes; `on…` are listeners, `true` is an attribute without a value, `false` and null
 * are left out. Children are elements, texts, or lists of them; null is left out.
 */
export function h(tag, of = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(of)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") found[name] = value;
    else found.setAttribute(name, value === true ? "" : value);
  }
  found.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return found;
}

/** An icon of the sprite; with a label it says something, without one it decorates. */
export function icon(name, label = "") {
  const found = document.createElementNS(SVG, "svg");
  found.classList.add("icon");
  if (label) {
    found.setAttribute("role", "img");
    found.setAttribute("aria-label", label);
  } else found.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  found.append(use);
  return found;
}

const TONES = {
  succeeded: "good", delivered: "good", operational: "good", warm: "good", active: "good", ready: "good",
  failed: "bad", dead: "bad", offline: "bad", revoked: "bad", lost: "bad",
  processing: "busy", running: "busy", loading: "busy", pending: "busy",
  expired: "warn", paused: "warn",
};

/** A word for a state, with its colour. */
export function badge(state, text = state, tone = TONES[state] ?? "") {
  return h("span", { class: `badge ${tone}` }, text);
}

/** An instant (ISO 8601) as how long ago it was, kept true. */
export function time(instant) {
  return instant ? h("relative-time", { datetime: instant }) : h("span", { class: "quiet" }, "never");
}

/** A button that copies a text. */
export function copy(text, label = "Copy") {
  const button = h("button", { class: "button plain square small", type: "button", title: label, "aria-label": label }, icon("copy"));
  return h("copy-button", { text }, button);
}

/** The first element that fits a selector. */
export function one(selector, within = document) {
  return within.querySelector(selector);
}

/** Every element that fits a selector. */
export function all(selector, within = document) {
  return [...within.querySelectorAll(selector)];
}

let ids = 0;

/** An id that no other element has. */
export function newId(prefix = "id") {
  ids += 1;
  return `${prefix}-${ids}`;
}
