// The playground: the form, its runs, the code that does the same, and links that keep it all.

import { post } from "./api.js";
import { all, badge, h, icon, one } from "./dom.js";
import { form as makeForm } from "./form.js";
import { FINAL, Run } from "./run.js";
import { snippets } from "./snippets.js";
import { refused, toast } from "./toasts.js";
import { uploaded } from "./uploads.js";
import { credits } from "./words.js";

const CHECK_MS = 500;
const LINK_CHARACTERS_MAX = 4000;
const TAKES_MAX = 12;

const about = JSON.parse(one("#model-data").textContent);
const stage = one("#stage");
const runButton = one("#run");
const takes = [];
let shown = [];
let checking = null;
let asked = 0;

const form = makeForm(one("#fields"), about.schema, () => changed());

function changed() {
  showCode();
  keepLink();
  clearTimeout(checking);
  checking = setTimeout(check, CHECK_MS);
}

function showCode() {
  for (const [id, code] of Object.entries(snippets(about, form.value("…")))) one(`#code-${id} code`).textContent = code;
}

function keepLink() {
  const query = new URLSearchParams();
  const secret = "\u0000";
  const input = Object.fromEntries(Object.entries(form.value(secret)).filter(([, value]) => value !== secret));
  const text = JSON.stringify(input);
  if (Object.keys(input).length && text.length <= LINK_CHARACTERS_MAX) query.set("input", text);
  history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
}

/** Asks the server what is wrong with the form and what a run would cost; shows what was touched. */
async function check() {
  if (!about.mayRun || about.offline) return;
  const number = (asked += 1);
  const input = form.value();
  if (JSON.stringify(input).length > 100000) return;
  try {
    const told = await post("/v1/predictions", { model: about.model, input, dry_run: true });
    if (number !== asked) return;
    form.complain([]);
    complainBeside([]);
    one("#estimate").textContent = told.estimate.credits ? `${told.estimate.is_upper_bound ? "at most " : ""}${credits(told.estimate.credits)} credits` : "";
  } catch (error) {
    if (number !== asked || error.code !== "INVALID_INPUT") return;
    form.complain(error.details, form.touched);
    one("#estimate").textContent = "";
  }
}

function complainBeside(problems) {
  const place = one("#form-problem");
  place.hidden = !problems.length;
  place.replaceChildren(icon("alert"), h("span", {}, problems.join(" ")));
}

async function run() {
  if (runButton.disabled) return;
  runButton.disabled = true;
  complainBeside([]);
  form.complain([]);
  clearTimeout(checking);
  asked += 1;
  const input = form.value();
  const take = new Run({ streams: about.streaming, changed: showTakes, again: actions });
  take.input = input;
  const isCreated = new Promise((resolve) => { take.created = resolve; });
  try {
    await Promise.race([take.create({ model: about.model, input, stream: about.streaming, privacy: one("#public").checked ? "public" : "private" }), isCreated]);
    keep(take);
  } catch (error) {
    complain(error);
  } finally {
    runButton.disabled = Boolean(about.offline);
  }
}

function complain(error) {
  const rest = error.code === "INVALID_INPUT" ? form.complain(error.details) : [error.message];
  complainBeside(rest);
  if (error.code === "INVALID_INPUT") form.focusFirstProblem();
}

function keep(take) {
  takes.push(take);
  if (takes.length > TAKES_MAX) takes.shift().leave();
  show(shown.length > 1 ? [shown.at(-1), take] : [take]);
}

function show(wanted) {
  shown = wanted;
  if (wanted.length) stage.replaceChildren(h("div", { class: wanted.length > 1 ? "side-by-side" : "alone" }, wanted.map((each) => each.element)));
  showTakes();
}

/** The runs of this page, to go back to and to compare. */
function showTakes(take) {
  if (take?.prediction) take.created?.();
  if (take?.state === "processing") one("#state").replaceChildren(badge("warm", "Ready"));
  stage.setAttribute("aria-busy", String(shown.some((each) => !FINAL.has(each.state))));
  const picks = takes.map((each, index) => h("button", { type: "button", class: `pick ${each.state}`, title: `Run ${index + 1}`, "aria-label": `Run ${index + 1}, ${each.state}`, "aria-pressed": String(shown.includes(each)), onclick: () => show(shown.length > 1 ? [shown[0], each] : [each]) }, String(index + 1)));
  const isComparing = shown.length > 1;
  const toggle = h("button", { type: "button", class: "button plain small", "aria-pressed": String(isComparing), onclick: () => show(isComparing ? [shown.at(-1)] : pair()) }, icon("compare"), "Compare");
  const focused = one("#takes").contains(document.activeElement) ? [...one("#takes").children].indexOf(document.activeElement) : -1;
  one("#takes").replaceChildren(...(takes.length > 1 ? [...picks, toggle] : []));
  if (focused >= 0) one("#takes").children[focused]?.focus();
}

function pair() {
  const last = shown[0] ?? takes.at(-1);
  const other = takes[takes.indexOf(last) - 1] ?? takes[takes.indexOf(last) + 1];
  return [other, last].sort((one, two) => takes.indexOf(one) - takes.indexOf(two));
}

function actions(take) {
  const again = h("button", { class: "button small", type: "button", onclick: () => { form.set(take.input); run(); } }, icon("again"), h("span", {}, "Run again"));
  const seed = form.fields.get("seed");
  const vary = seed?.roll ? h("button", { class: "button small", type: "button", onclick: () => { form.set(take.input); seed.roll(); run(); } }, icon("dice"), h("span", {}, "Vary the seed")) : null;
  return about.mayRun ? [again, vary].filter(Boolean) : [];
}

async function takeExample(number) {
  const input = JSON.parse(one(`script[data-input="${number}"]`).textContent);
  try {
    for (const [name, value] of Object.entries(input)) {
      if (typeof value === "string") input[name] = await uploaded(value);
    }
  } catch (error) {
    refused(error);
    return;
  }
  form.set(input);
  changed();
  one("#examples-menu").open = false;
  one("#input-title").scrollIntoView({ block: "nearest", behavior: "smooth" });
  toast("The form holds the example. Run it.");
}

function fromLink() {
  const query = new URLSearchParams(location.search);
  try {
    if (query.has("input")) form.set(JSON.parse(query.get("input")));
  } catch {
    toast("This link is damaged: the form starts empty.", "bad");
  }
  if (query.has("prediction")) reopen(query.get("prediction"));
}

async function reopen(id) {
  const take = new Run({ streams: about.streaming, changed: showTakes, again: actions });
  try {
    const opened = take.open(id);
    await new Promise((resolve, reject) => { take.created = resolve; opened.then(resolve, reject); });
    take.input = given(take.prediction.input);
    form.set(take.input);
    showCode();
    keep(take);
  } catch (error) {
    refused(error);
  }
}

/** What of a prediction's input this form has a field for. */
function given(input) {
  return Object.fromEntries(Object.entries(input).filter(([name]) => form.fields.has(name)));
}

one("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
one("#form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
one("#clear").addEventListener("click", () => {
  form.set({});
  form.touched.clear();
  form.complain([]);
  complainBeside([]);
  changed();
});
all("[data-example]").forEach((each) => each.addEventListener("click", () => takeExample(each.dataset.example)));
if (!about.mayRun) {
  runButton.disabled = true;
  complainBeside(["Your key may look at models, and not run them."]);
}
fromLink();
showCode();
