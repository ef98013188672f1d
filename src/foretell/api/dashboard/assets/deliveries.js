// Deliveries: what a webhook was told, how it answered, and telling it again.

import { get, post } from "./api.js";
import { badge, copy, h, icon, newId, time } from "./dom.js";
import { refused, toast } from "./toasts.js";
import { count, duration } from "./words.js";

const WATCH_MS = 250;
const WATCHED_MS_MAX = 30000;

/**
 * A delivery that opens: its attempts, what it says, and a button that sends it again where one may. `account` is the
 * reader's, in a list of many predictions; null where the page is about the prediction.
 */
export function delivery(told, { mayResend, account = null }) {
  const inside = h("div", { class: "inside" });
  const found = h("details", { class: "delivery", "data-id": told.id }, heading(told), inside);
  found.addEventListener("toggle", async () => {
    if (!found.open || inside.childElementCount) return;
    inside.replaceChildren(h("div", { class: "skeleton" }));
    try {
      inside.replaceChildren(...details(await get(`/v1/webhooks/deliveries/${told.id}`), found, { mayResend, account }));
    } catch (error) {
      inside.replaceChildren(h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("span", {}, error.message)));
    }
  });
  return found;
}

function heading(told) {
  const last = told.attempts.at(-1);
  return h("summary", {}, h("span", {}, badge(told.state, told.state === "dead" ? "given up" : told.state)),
    h("span", { class: "event" }, told.event), h("span", { class: "mono cut", title: told.url }, told.url),
    h("span", { class: "answered quiet" }, last ? answered(last) : "not tried yet"), h("span", { class: "when" }, time(told.created_at)));
}

function answered({ status, error, seconds }) {
  return status === null ? "no answer" : `${status} in ${duration(seconds)}`;
}

function details(whole, element, { mayResend, account }) {
  const facts = h("dl", { class: "facts" },
    h("dt", {}, "Delivery"), h("dd", {}, h("code", {}, whole.id), copy(whole.id, "Copy the id")),
    account === null ? null : [h("dt", {}, "Prediction"), h("dd", {}, account === whole.account ? h("a", { href: `/predictions/${whole.prediction_id}` }, whole.prediction_id) : `${whole.prediction_id}, of the account “${whole.account}”`)],
    whole.reason ? [h("dt", {}, "Given up because"), h("dd", {}, whole.reason)] : null,
    whole.next_at ? [h("dt", {}, "Next attempt"), h("dd", {}, time(whole.next_at))] : null);
  const button = mayResend ? h("button", { class: "button small", type: "button", onclick: () => redeliver(button, whole, element, { mayResend, account }) }, icon("again"), "Send again") : null;
  return [h("div", { class: "row" }, h("h2", {}, count(whole.attempts.length, "attempt")), h("span", { class: "push" }), button), tries(whole.attempts), facts, ...payload(whole)];
}

function tries(attempts) {
  if (!attempts.length) return h("p", { class: "quiet" }, "It was not tried yet.");
  const rows = [...attempts].reverse().map((each) => h("tr", {}, h("td", {}, time(each.at)),
    h("td", {}, badge(each.error ? "failed" : "succeeded", each.status === null ? "no answer" : String(each.status))),
    h("td", { class: "number" }, duration(each.seconds)), h("td", { class: "said-back mono" }, each.answer || each.error || "")));
  return h("div", { class: "tries", tabindex: 0, role: "region", "aria-label": "Attempts" }, h("table", { class: "table" },
    h("thead", {}, h("tr", {}, ["When", "Answer", "Took", "What it said"].map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, rows)));
}

function payload({ body }) {
  if (body === null) return [h("p", { class: "quiet" }, "What it says is made at the first attempt, and erased with its prediction's data.")];
  const id = newId("payload");
  const button = copy("", "Copy what it says");
  button.removeAttribute("text");
  button.setAttribute("of", id);
  return [h("h2", {}, "What it says"), h("div", { class: "code" }, button, h("pre", { id, tabindex: 0, "aria-label": "What it says" }, pretty(body)))];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Sends it again, and says what came of it. */
async function redeliver(button, before, element, options) {
  button.disabled = true;
  button.replaceChildren(h("span", { class: "spinner" }), "Sending …");
  try {
    await post(`/v1/webhooks/deliveries/${before.id}/redeliver`);
    const now = await tried(before);
    say(now);
    const isFocused = document.activeElement === button;
    element.querySelector("summary").replaceWith(heading(now));
    element.querySelector(".inside").replaceChildren(...details(now, element, options));
    if (isFocused) element.querySelector(".inside button")?.focus();
  } catch (error) {
    button.disabled = false;
    button.replaceChildren(icon("again"), "Send again");
    refused(error);
  }
}

/** The delivery once it was tried again, or as it is when that takes too long. */
async function tried(before) {
  const until = Date.now() + WATCHED_MS_MAX;
  const last = before.attempts.at(-1)?.at;
  for (;;) {
    const now = await get(`/v1/webhooks/deliveries/${before.id}`);
    if (now.attempts.at(-1)?.at !== last || Date.now() > until) return now;
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

function say(now) {
  const last = now.attempts.at(-1);
  if (!last) toast("It will be sent soon.");
  else if (now.state === "delivered") toast(`Delivered: the receiver answered ${answered(last)}.`, "good");
  else toast(`It failed again: ${last.status === null ? last.error : `the receiver answered ${last.status}`}.`, "bad");
}
