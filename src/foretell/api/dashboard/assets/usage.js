// Usage: the figures of a period as charts and tables, and as CSV.

import { get, save } from "./api.js";
import { chart } from "./charts.js";
import { all, h, icon, one } from "./dom.js";
import { refused } from "./toasts.js";
import { credits, duration } from "./words.js";

const DAY_MS = 86400000;
const DAYS = 30;
const MODELS_MAX = 5;
const names = JSON.parse(one("#names").textContent);
const form = one("#filters");
let asked = 0;

const today = () => new Date().toISOString().slice(0, 10);
const daysBefore = (day, number) => new Date(Date.parse(day) - number * DAY_MS).toISOString().slice(0, 10);

/** The period that is chosen, and whose usage, as the API asks for it. */
function query(more = {}) {
  const to = form.elements.to.value || today();
  const from = form.elements.from.value || daysBefore(to, DAYS - 1);
  const found = new URLSearchParams({ from, to, ...more });
  if (form.elements.account?.value) found.set("account", form.elements.account.value);
  return found;
}

function days() {
  const wanted = query();
  const length = Math.round((Date.parse(wanted.get("to")) - Date.parse(wanted.get("from"))) / DAY_MS) + 1;
  return Array.from({ length }, (_, place) => daysBefore(wanted.get("to"), length - 1 - place));
}

async function load() {
  const turn = ++asked;
  press();
  one("#tiles").setAttribute("aria-busy", "true");
  const ask = (group, durations = "true") => get(`/v1/usage?${query({ group_by: group, durations })}`);
  try {
    const found = await Promise.all([ask("day"), ask("model"), ask("key"), ask("day,model", "false").catch(unlessTooMany)]);
    if (turn !== asked) return;
    one("#problem").replaceChildren();
    show(...found);
  } catch (error) {
    if (turn !== asked) return;
    one("#problem").replaceChildren(h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("span", {}, error.message)));
    for (const each of all(".plot, .breakdowns .card")) each.replaceChildren(h("p", { class: "quiet nothing" }, "The figures cannot be shown."));
    for (const each of all("#tiles dd")) each.replaceChildren("–");
  } finally {
    if (turn === asked) one("#tiles").setAttribute("aria-busy", "false");
  }
}

/** A year of very many models is more than the API tells at once: then days alone are shown. */
function unlessTooMany(error) {
  if (error.status === 401 || error.status === 403) throw error;
  return null;
}

function show(byDay, byModel, byKey, byBoth) {
  const { total, balance } = byDay;
  tile("predictions", total.predictions.toLocaleString("en"));
  tile("success", told(rate(total), percent));
  tile("median", told(total.seconds_p50, duration));
  tile("slow", told(total.seconds_p95, duration));
  tile("spent", credits(total.credits_used));
  tile("balance", balance === null ? "–" : balance.is_budgeted ? credits(balance.available) : "no limit");
  const every = days();
  const rows = new Map(byDay.data.map((each) => [each.day, each]));
  const series = (name, tone, value) => ({ name, tone, values: every.map((day) => (rows.has(day) ? value(rows.get(day)) : null)) });
  const live = (row) => row.predictions - row.succeeded - row.failed - row.canceled;
  chart(one("#chart-predictions"), { title: "Predictions", days: every, kind: "bars", isWhole: true, format: (value) => value.toLocaleString("en"),
    series: [series("Succeeded", "tone-good", (row) => row.succeeded), series("Failed", "tone-bad", (row) => row.failed), series("Canceled", "tone-quiet", (row) => row.canceled), series("Under way", "tone-busy", live)] });
  chart(one("#chart-success"), { title: "Success rate", days: every, kind: "lines", most: 1, format: percent, series: [series("Succeeded", "tone-good", rate)] });
  chart(one("#chart-latency"), { title: "Time from create to end", days: every, kind: "lines", format: duration,
    series: [series("Half within", "tone-0", (row) => row.seconds_p50 ?? null), series("95 % within", "tone-1", (row) => row.seconds_p95 ?? null), series("99 % within", "tone-2", (row) => row.seconds_p99 ?? null)] });
  const spent = byBoth === null ? [series("Credits", "tone-0", (row) => row.credits_used)] : spending(every, byModel.data, byBoth.data);
  chart(one("#chart-spend"), { title: "Credits by model", days: every, kind: "bars", format: credits, nothing: "Nothing was charged in these days.", series: spent });
  breakdown(one("#by-model"), "Model", byModel.data, (row) => h("a", { href: `/models/${encodeURIComponent(row.model)}` }, row.model));
  breakdown(one("#by-key"), "Key", byKey.data, (row) => names.keys[row.key] ?? row.key ?? "none: the dashboard or the command line");
}

function tile(name, text) {
  one(`#tile-${name}`).replaceChildren(text);
}

/** The credits of the models that cost the most, by day; those of the others together. */
function spending(every, byModel, rows) {
  const most = byModel.filter((each) => each.credits_used > 0).sort((one, other) => other.credits_used - one.credits_used);
  const shown = most.slice(0, MODELS_MAX).map((each) => each.model);
  const sums = new Map();
  for (const row of rows) {
    const name = shown.includes(row.model) ? row.model : "others";
    sums.set(`${row.day} ${name}`, (sums.get(`${row.day} ${name}`) ?? 0) + row.credits_used);
  }
  const called = most.length > MODELS_MAX ? [...shown, "others"] : shown;
  return called.map((name, place) => ({ name, tone: `tone-${place}`, values: every.map((day) => sums.get(`${day} ${name}`) ?? 0) }));
}

function breakdown(box, title, rows, named) {
  if (!rows.length) {
    box.replaceChildren(h("p", { class: "quiet nothing" }, "Nothing in these days."));
    return;
  }
  const sorted = [...rows].sort((one, other) => other.predictions - one.predictions);
  const most = sorted[0].predictions;
  const right = (text) => h("td", { class: "right number" }, text);
  box.replaceChildren(h("table", { class: "table" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, title), ["Predictions", "Succeeded", "Median", "95 %", "Credits"].map((each) => h("th", { scope: "col", class: "right" }, each)))),
    h("tbody", {}, sorted.map((row) => h("tr", {}, h("th", { scope: "row" }, named(row), share(row.predictions / most)), right(row.predictions.toLocaleString("en")), right(told(rate(row), percent)),
      right(told(row.seconds_p50, duration)), right(told(row.seconds_p95, duration)), right(credits(row.credits_used)))))));
}

function share(part) {
  const bar = h("div", { class: "share", "aria-hidden": "true" });
  bar.style.width = `${Math.max(1, part * 100)}%`;
  return bar;
}

/** The part that succeeded of those that were not canceled; null where none has ended. */
function rate({ succeeded, failed }) {
  return succeeded + failed ? succeeded / (succeeded + failed) : null;
}

function told(value, format) {
  return value === null || value === undefined ? "–" : format(value);
}

function percent(value) {
  return `${(Math.floor(value * 1000) / 10).toLocaleString("en")} %`;
}

function press() {
  const wanted = query();
  const length = days().length;
  form.elements.from.value = wanted.get("from");
  form.elements.to.value = wanted.get("to");
  for (const each of all("[data-days]")) each.setAttribute("aria-pressed", wanted.get("to") === today() && Number(each.dataset.days) === length);
}

function changed() {
  const wanted = query();
  history.replaceState(null, "", `?${wanted}`);
  load();
}

for (const each of all("[data-days]")) {
  each.addEventListener("click", () => {
    form.elements.to.value = today();
    form.elements.from.value = daysBefore(today(), Number(each.dataset.days) - 1);
    changed();
  });
}
for (const each of all("[data-csv]")) {
  each.addEventListener("click", () => {
    one("#csv").open = false;
    const wanted = query({ group_by: each.dataset.csv, durations: "true", format: "csv" });
    save(`/v1/usage?${wanted}`, `usage-${wanted.get("from")}-${wanted.get("to")}-${each.dataset.csv.replace(",", "-")}.csv`).catch(refused);
  });
}
form.addEventListener("change", changed);
form.addEventListener("submit", (event) => event.preventDefault());
load();
