// The list of predictions: filtered, in pages, and kept true without moving what one looks at.

import { get } from "./api.js";
import { all, h, icon, one } from "./dom.js";
import { choose, chosen, pager } from "./pager.js";
import { fill, line, LIVE } from "./lines.js";
import { count } from "./words.js";

const PER_PAGE = 20;
const LIVE_MS = 2000;
const QUIET_MS = 5000;
const ASKED_ALONE_MAX = 10;
const TYPING_MS = 300;

const form = one("#filters");
const list = one("#list");
const news = one("#news");
let shown = null;
let asked = 0;
let typing = null;
let known = new Set();

function page() {
  return Number(new URLSearchParams(location.search).get("page")) || 1;
}

function query() {
  const found = chosen(form);
  if (page() > 1) found.set("page", page());
  found.set("per_page", PER_PAGE);
  return found;
}

/** Goes to a page of what the filters choose; the address says which, so that it can be kept and sent. */
function go(number) {
  const wanted = chosen(form);
  if (number > 1) wanted.set("page", number);
  history.pushState(null, "", wanted.size ? `?${wanted}` : location.pathname);
  load();
  if (number > 1 || scrollY > 0) scrollTo({ top: 0 });
}

async function load() {
  const turn = ++asked;
  one("#clear").hidden = !chosen(form).size;
  list.setAttribute("aria-busy", "true");
  try {
    const found = await get(`/v1/predictions?${query()}`);
    if (turn === asked) show(found);
  } catch (error) {
    if (turn === asked) refuse(error);
  }
  if (turn === asked) list.setAttribute("aria-busy", "false");
}

function show({ data, pagination }) {
  shown = data.length;
  known = new Set(data.map((each) => each.id));
  news.hidden = true;
  one("#total").textContent = count(pagination.total, "prediction");
  list.replaceChildren(data.length ? h("ul", { class: "lines" }, data.map(line)) : nothing());
  one("#pages").replaceChildren(...[pager(pagination, go)].filter(Boolean));
}

function nothing() {
  const isFiltered = chosen(form).size > 0 || page() > 1;
  const next = isFiltered
    ? h("button", { class: "button", type: "button", onclick: clear }, "Show all")
    : h("a", { class: "button first", href: "/models" }, "Try a model");
  return h("div", { class: "empty" }, icon(isFiltered ? "search" : "predictions"),
    h("h2", {}, isFiltered ? "No prediction fits" : "Nothing has run yet"),
    h("p", {}, isFiltered ? "Choose something else, or look at all of them." : "Whatever you run, here or by the API, appears in this list."),
    h("div", { class: "row" }, next));
}

function refuse(error) {
  shown = null;
  one("#total").textContent = "";
  one("#pages").replaceChildren();
  list.replaceChildren(h("div", { class: "empty", role: "alert" }, icon("alert"), h("h2", {}, "The list cannot be shown"), h("p", {}, error.message),
    h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: load }, "Try again"))));
}

function clear() {
  choose(form, new URLSearchParams());
  go(1);
}

/** Says what has changed since, in place. What is new is counted, and shown when one wants it. */
async function refresh() {
  const turn = asked;
  if (document.hidden || shown === null) return;
  const live = all(".line", list).filter((each) => LIVE.has(each.dataset.status));
  const found = page() === 1 ? (await get(`/v1/predictions?${query()}`)).data : [];
  if (turn !== asked) return;
  const items = new Map(all(".line", list).map((each) => [each.dataset.id, each]));
  for (const each of found) if (items.has(each.id)) fill(items.get(each.id), each);
  const fresh = found.filter((each) => !known.has(each.id));
  if (fresh.length && !items.size) load();
  else if (fresh.length) announce(fresh.length);
  const told = new Set(found.map((each) => each.id));
  const alone = live.filter((each) => !told.has(each.dataset.id)).slice(0, ASKED_ALONE_MAX);
  await Promise.all(alone.map(refreshOne));
}

async function refreshOne(item) {
  try {
    fill(item, await get(`/v1/predictions/${item.dataset.id}`));
  } catch (error) {
    if (error.status === 404) item.remove();
  }
}

function announce(number) {
  const words = `${number}${number === PER_PAGE ? "+" : ""} new`;
  if (!news.hidden && news.textContent === words) return;
  news.replaceChildren(icon("again"), words);
  news.hidden = false;
}

async function keepTrue() {
  await refresh().catch(() => {});
  const isLive = all(".line", list).some((each) => LIVE.has(each.dataset.status));
  setTimeout(keepTrue, isLive ? LIVE_MS : QUIET_MS);
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
one("#filter-text").addEventListener("input", () => {
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
document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
load();
setTimeout(keepTrue, LIVE_MS);
