// The pages of a list that a script shows.

import { h, icon } from "./dom.js";

/** Buttons to the newer and the older page of what the API calls `pagination`; nothing where there is one page. */
export function pager({ current_page: current, last_page: last }, go) {
  if (last <= 1 && current <= 1) return null;
  const step = (page, label, sign, isPossible) =>
    h("button", { class: "button small", type: "button", disabled: !isPossible, onclick: () => go(page) }, sign === "left" ? icon(sign) : null, label, sign === "right" ? icon(sign) : null);
  return h("nav", { class: "row pagination", "aria-label": "Pages" },
    step(current - 1, "Newer", "left", current > 1),
    h("span", { class: "quiet number" }, `Page ${current.toLocaleString("en")} of ${last.toLocaleString("en")}`),
    step(current + 1, "Older", "right", current < last));
}

/** What a form's fields say, without those that are empty. */
export function chosen(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
}

/** Puts what a query says into a form's fields. */
export function choose(form, query) {
  for (const field of form.elements) if (field.name) field.value = query.get(field.name) ?? "";
}
