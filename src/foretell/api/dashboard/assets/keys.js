// Keys: what each may do, and making, changing, rotating and revoking them.

import { get, patch, post, remove } from "./api.js";
import { all, badge, h, icon, one, time } from "./dom.js";
import { refused, toast } from "./toasts.js";
import { count, credits } from "./words.js";

const list = one("#list");
const editor = one("#editor");
const form = one("#key-form");
let keys = [];
let chosen = null;

const isEverybodys = () => one("#everybodys")?.checked ?? false;
const root = () => (isEverybodys() ? "/v1/admin/keys" : "/v1/keys");

async function load() {
  list.setAttribute("aria-busy", "true");
  try {
    keys = (await get(root())).data;
    show();
  } catch (error) {
    list.replaceChildren(h("div", { class: "empty", role: "alert" }, icon("alert"), h("h2", {}, "The keys cannot be shown"), h("p", {}, error.message),
      h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: load }, "Try again"))));
  }
  list.setAttribute("aria-busy", "false");
}

function show() {
  const shown = keys.filter((each) => one("#with-revoked").checked || !each.revoked_at).reverse();
  if (!shown.length) {
    list.replaceChildren(h("div", { class: "empty" }, icon("keys"), h("h2", {}, "No keys yet"), h("p", {}, "Make one, and call the API with it."),
      h("div", { class: "row" }, h("button", { class: "button first", type: "button", onclick: create }, "New key"))));
    return;
  }
  const titles = ["Key", ...(isEverybodys() ? ["Account"] : []), "May", "Limits", "Last used", "Ends"];
  list.replaceChildren(h("table", { class: "table keys" },
    h("thead", {}, h("tr", {}, titles.map((each) => h("th", { scope: "col" }, each)), h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
    h("tbody", {}, shown.map(row))));
}

function row(key) {
  return h("tr", { "data-id": key.id },
    h("th", { scope: "row" }, h("span", { class: "name" }, key.name), " ", state(key), h("br"), h("span", { class: "quiet mono" }, `…${key.last4}`)),
    isEverybodys() ? h("td", { "data-label": "Account" }, key.account) : null,
    h("td", { "data-label": "May" }, h("div", {}, key.scopes.join(", ")), h("div", { class: "quiet cut models", title: key.models?.join(", ") }, key.models === null ? "every model" : key.models.join(", ") || "no model")),
    h("td", { class: "quiet", "data-label": "Limits" }, limits(key)), h("td", { "data-label": "Last used" }, time(key.last_used_at)),
    h("td", { "data-label": "Ends" }, key.expires_at ? time(key.expires_at) : h("span", { class: "quiet" }, "never")),
    h("td", { class: "right" }, key.revoked_at ? null : actions(key)));
}

function state(key) {
  if (key.revoked_at) return badge("revoked");
  if (key.expires_at && Date.parse(key.expires_at) < Date.now()) return badge("expired");
  if (key.former_until_at && Date.parse(key.former_until_at) > Date.now()) return badge("paused", "two secrets", "warn");
  return null;
}

function limits({ requests_per_minute: rate, concurrency_max: most }) {
  const said = [rate && `${rate.toLocaleString("en")} a minute`, most && `${most.toLocaleString("en")} at once`].filter(Boolean);
  return said.join(", ") || "none";
}

function actions(key) {
  const act = (label, does, tone = "") => h("button", { class: `button small ${tone}`, type: "button", "aria-label": `${label} “${key.name}”`, onclick: () => does(key) }, label);
  return h("div", { class: "row actions" }, act("Change", change), act("Rotate", rotate), act("Revoke", revoke, "danger"));
}

function create() {
  chosen = null;
  open("New key", "Create key", { name: "", scopes: ["read", "run"], models: null });
}

async function change(key) {
  chosen = key;
  open(`Change “${key.name}”`, "Save", key);
  try {
    const { month_max: month, total_max: total, month: spent, total: ever } = await get(`${root()}/${key.id}/credits`);
    form.month_max.value = month ?? "";
    form.total_max.value = total ?? "";
    one("#spent").textContent = `Spent ${credits(spent)} this month, ${credits(ever)} ever.`;
    one("#budget").hidden = false;
  } catch (error) {
    if (error.status !== 404) refused(error);
  }
}

function open(title, button, key) {
  one("#editor-title").textContent = title;
  one("#key-save").textContent = button;
  one("#key-problem").hidden = true;
  one("#budget").hidden = true;
  for (const each of all("[data-new]", form)) each.hidden = chosen !== null;
  for (const each of all("[data-edit]", form)) each.hidden = each.disabled = chosen === null;
  form.elements.name.value = key.name;
  for (const each of all('[name="scopes"]', form)) each.checked = key.scopes.includes(each.value);
  form.models.value = key.models?.join(", ") ?? "";
  form.requests_per_minute.value = key.requests_per_minute ?? "";
  form.concurrency_max.value = key.concurrency_max ?? "";
  form.life.value = chosen ? "keep" : "";
  editor.showModal();
  form.elements.name.focus();
}

function wish() {
  const models = form.models.value.split(",").map((each) => each.trim()).filter(Boolean);
  const number = (field) => (field.value === "" ? null : Number(field.value));
  const found = {
    name: form.elements.name.value,
    scopes: all('[name="scopes"]', form).filter((each) => each.checked).map((each) => each.value),
    models: models.length ? models : null,
    requests_per_minute: number(form.requests_per_minute),
    concurrency_max: number(form.concurrency_max),
  };
  if (form.life.value !== "keep") found.expires_in_seconds = number(form.life);
  return found;
}

async function save(event) {
  event.preventDefault();
  const button = one("#key-save");
  button.disabled = true;
  try {
    await (chosen ? saveChanges() : saveNew());
    load();
  } catch (error) {
    const problem = one("#key-problem");
    problem.replaceChildren(icon("alert"), h("span", {}, error.message));
    problem.hidden = false;
  }
  button.disabled = false;
}

async function saveNew() {
  const account = form.elements.account?.value;
  const isOthers = one("#key-account option[selected]") && account !== one("#key-account option[selected]").value;
  const made = isOthers ? await post("/v1/admin/keys", { ...wish(), account }) : await post("/v1/keys", wish());
  editor.close();
  reveal("Your new key", made.key, `“${made.name}” works from now on.`);
}

async function saveChanges() {
  await patch(`${root()}/${chosen.id}`, wish());
  if (!one("#budget").hidden && !form.month_max.disabled) {
    const amount = (field) => (field.value === "" ? null : field.value);
    await patch(`/v1/admin/keys/${chosen.id}/credits`, { month_max: amount(form.month_max), total_max: amount(form.total_max) });
  }
  editor.close();
  toast(`“${form.elements.name.value}” is changed.`, "good");
}

function reveal(title, secret, note) {
  one("#secret-title").textContent = title;
  one("#secret-text").textContent = secret;
  one("#secret-note").textContent = note;
  one("#secret").showModal();
}

function rotate(key) {
  chosen = key;
  one("#rotate [data-key-name]").textContent = key.name;
  one("#rotate").showModal();
}

async function rotateNow() {
  const seconds = Number(one("#overlap").value);
  try {
    const made = await post(`${root()}/${chosen.id}/rotate`, { overlap_seconds: seconds });
    one("#rotate").close();
    reveal("The new secret", made.key, seconds ? `The one before it opens for ${count(seconds / 3600, "hour")} more.` : "The one before it is refused from now on.");
    load();
  } catch (error) {
    one("#rotate").close();
    refused(error);
  }
}

function revoke(key) {
  chosen = key;
  one("#revoke [data-key-name]").textContent = key.name;
  one("#revoke-name").value = "";
  one("#revoke-it").disabled = true;
  one("#revoke").showModal();
}

async function revokeNow(event) {
  event.preventDefault();
  if (one("#revoke-name").value.trim() !== chosen.name.trim()) return;
  try {
    await remove(`${root()}/${chosen.id}`);
    toast(`“${chosen.name}” is revoked.`, "good");
    load();
  } catch (error) {
    refused(error);
  }
  one("#revoke").close();
}

one("#new").addEventListener("click", create);
one("#with-revoked").addEventListener("change", show);
one("#everybodys")?.addEventListener("change", load);
form.addEventListener("submit", save);
one("#rotate-it").addEventListener("click", rotateNow);
one("#revoke-form").addEventListener("submit", revokeNow);
one("#revoke-name").addEventListener("input", (event) => { one("#revoke-it").disabled = event.target.value.trim() !== chosen.name.trim(); });
one("#secret").addEventListener("cancel", (event) => event.preventDefault());
// A secret does not stay in the page behind a closed dialog.
one("#secret").addEventListener("close", () => { one("#secret-text").textContent = ""; });
load();
