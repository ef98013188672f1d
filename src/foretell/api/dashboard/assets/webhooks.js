// Webhooks: the list of what was told, the endpoints it went to, and the secret that signs it.

import { get, post } from "./api.js";
import { delivery } from "./deliveries.js";
import { all, badge, h, icon, one, time } from "./dom.js";
import { choose, chosen, pager } from "./pager.js";
import { refused, toast } from "./toasts.js";
import { count } from "./words.js";

const PER_PAGE = 20;
const LOOK_MS = 5000;
const TYPING_MS = 300;
const TONES = { active: "good", failing: "warn", paused: "bad" };

const form = one("#filters");
const list = one("#list");
const news = one("#news");
const { account, manages } = one("#panel-deliveries").dataset;
const mayManage = manages !== undefined;
const page = () => Number(new URLSearchParams(location.search).get("page")) || 1;
let asked = 0;
let known = null;
let typing = null;

function query() {
  const found = chosen(form);
  if (page() > 1) found.set("page", page());
  found.set("per_page", PER_PAGE);
  return found;
}

function go(number) {
  const wanted = chosen(form);
  if (number > 1) wanted.set("page", number);
  history.pushState(null, "", wanted.size ? `?${wanted}` : location.pathname);
  load();
  if (number > 1) scrollTo({ top: 0 });
}

async function load() {
  const turn = ++asked;
  one("#clear").hidden = !chosen(form).size;
  list.setAttribute("aria-busy", "true");
  try {
    const found = await get(`/v1/webhooks/deliveries?${query()}`);
    if (turn === asked) show(found);
  } catch (error) {
    if (turn === asked) list.replaceChildren(trouble("The deliveries cannot be shown", error, load));
  }
  list.setAttribute("aria-busy", "false");
}

function show({ data, pagination }) {
  known = new Set(data.map((each) => each.id));
  news.hidden = true;
  one("#total").textContent = count(pagination.total, "delivery", "deliveries");
  const shown = data.map((each) => delivery(each, { mayResend: mayManage, account }));
  list.replaceChildren(...(shown.length ? shown : [nothing()]));
  one("#pages").replaceChildren(...[pager(pagination, go)].filter(Boolean));
}

function nothing() {
  const isFiltered = chosen(form).size > 0 || page() > 1;
  return h("div", { class: "empty" }, icon(isFiltered ? "search" : "webhooks"), h("h2", {}, isFiltered ? "No delivery fits" : "Nothing was told yet"),
    h("p", {}, isFiltered ? "Choose something else, or look at all of them." : "Create a prediction with a webhook, and what its address is told appears here."),
    h("div", { class: "row" }, isFiltered ? h("button", { class: "button", type: "button", onclick: clear }, "Show all") : h("a", { class: "button first", href: "/docs" }, "Read how")));
}

function trouble(title, error, again) {
  return h("div", { class: "empty", role: "alert" }, icon("alert"), h("h2", {}, title), h("p", {}, error.message),
    h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: again }, "Try again")));
}

function clear() {
  form.elements.prediction?.remove();
  choose(form, new URLSearchParams());
  go(1);
}

/** Counts what is new on the first page; it is shown when one wants it. */
async function look() {
  if (!document.hidden && known && page() === 1) {
    const turn = asked;
    const found = await get(`/v1/webhooks/deliveries?${query()}`).catch(() => null);
    const fresh = found?.data.filter((each) => !known.has(each.id)).length ?? 0;
    if (turn === asked && fresh && !known.size) show(found);
    else if (turn === asked && fresh) {
      news.replaceChildren(icon("again"), `${fresh}${fresh === PER_PAGE ? "+" : ""} new`);
      news.hidden = false;
    }
  }
  setTimeout(look, LOOK_MS);
}

async function loadEndpoints() {
  const box = one("#endpoints");
  try {
    const { data } = await get("/v1/webhooks/endpoints?per_page=50");
    if (!data.length) {
      box.replaceChildren(h("div", { class: "empty" }, icon("webhooks"), h("h2", {}, "No endpoints yet"), h("p", {}, "Every address that your webhooks go to appears here.")));
      return;
    }
    const titles = ["Address", "State", "Last success", "Last failure", "Kept"];
    box.replaceChildren(h("table", { class: "table endpoints" }, h("thead", {}, h("tr", {}, titles.map((each) => h("th", { scope: "col" }, each)), h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
      h("tbody", {}, data.map(endpoint))));
  } catch (error) {
    box.replaceChildren(trouble("The endpoints cannot be shown", error, loadEndpoints));
  }
}

function endpoint(told) {
  const resume = async (event) => {
    event.currentTarget.disabled = true;
    await post(`/v1/webhooks/endpoints/${told.id}/resume`).then(() => toast("It is resumed: what was kept is being sent.", "good"), refused);
    loadEndpoints();
  };
  const about = told.reason ?? (told.failures ? `${count(told.failures, "failure")} in a row` : "");
  return h("tr", {}, h("th", { scope: "row", class: "mono" }, told.url),
    h("td", {}, badge(told.state, told.state, TONES[told.state]), about ? h("div", { class: "quiet" }, about) : null),
    h("td", {}, time(told.last_success_at)), h("td", {}, time(told.last_failure_at)), h("td", { class: "number" }, told.kept.toLocaleString("en")),
    h("td", { class: "right" }, told.state === "paused" && mayManage ? h("button", { class: "button small", type: "button", onclick: resume }, "Resume") : null));
}

async function sendAgain() {
  one("#again").close();
  try {
    const { redelivered, left } = await post("/v1/webhooks/redeliver", Object.fromEntries([...chosen(form)].filter(([name]) => ["url", "since", "prediction"].includes(name))));
    const rest = left ? ` ${count(left, "more is", "more are")} left: send again for them.` : "";
    toast(redelivered ? `${count(redelivered, "delivery is", "deliveries are")} being sent again.${rest}` : "There was nothing to send again.", "good");
    load();
  } catch (error) {
    refused(error);
  }
}

function showSecret({ secret, former_until_at: until }) {
  one("#secret-text").textContent = secret;
  one("#secret-box").hidden = false;
  one("#secret-note").replaceChildren(...(until ? ["The one before it signs as well; it ends ", time(until), "."] : []));
  one("#secret-note").hidden = !until;
}

async function rotate() {
  one("#rotate").close();
  await post("/v1/webhooks/secret/rotate", { overlap_seconds: Number(one("#overlap").value) }).then((made) => {
    showSecret(made);
    toast("There is another secret. Give it to your receivers.", "good");
  }, refused);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(1);
});
form.addEventListener("reset", (event) => {
  event.preventDefault();
  clear();
});
form.addEventListener("change", (event) => event.target.type !== "search" && go(1));
one("#filter-url").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => go(1), TYPING_MS);
});
news.addEventListener("click", () => {
  // The button goes away; whoever came by keyboard goes on at the filters.
  form.elements[0].focus({ preventScroll: true });
  go(1);
});
addEventListener("popstate", () => {
  choose(form, new URLSearchParams(location.search));
  load();
});
document.addEventListener("tabchange", (event) => event.detail === "tab-endpoints" && loadEndpoints());
for (const each of all("[data-opens='again']")) each.addEventListener("click", () => { one("#again-where").textContent = form.url.value ? `, of addresses that begin with ${form.url.value}` : ""; });
one("#again-it")?.addEventListener("click", sendAgain);
one("#rotate-it")?.addEventListener("click", rotate);
one("#show-secret")?.addEventListener("click", () => get("/v1/webhooks/secret").then(showSecret, refused));
load();
setTimeout(look, LOOK_MS);
