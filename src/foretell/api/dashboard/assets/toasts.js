// Messages that come and go. What went wrong stays until it is put away.

import { h, icon, one } from "./dom.js";

const SHOWN_MS = 5000;
const KEPT = "foretell-said";

/** Says something in the corner; `tone` is "good", "bad" or nothing. */
export function toast(text, tone = "") {
  const found = h("div", { class: `toast ${tone}` }, h("span", {}, text),
    h("button", { type: "button", "aria-label": "Put away", onclick: () => found.remove() }, icon("cross")));
  one(".toasts").append(found);
  if (tone !== "bad") setTimeout(() => found.remove(), SHOWN_MS);
}

/** Says what a refusal says. */
export function refused(error) {
  toast(error.message, "bad");
}

/** Says something on the page that is opened next. */
export function sayNext(text) {
  sessionStorage.setItem(KEPT, text);
}

const kept = sessionStorage.getItem(KEPT);
if (kept) {
  sessionStorage.removeItem(KEPT);
  toast(kept, "good");
}
