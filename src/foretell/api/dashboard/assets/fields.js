// Fields: what a person fills in for one value of a JSON Schema.
//
// Each has `element`, `get()` (undefined: nothing was given) and `set(value)`; those with parts have `at(path)`.

import { h, icon, newId } from "./dom.js";
import { fileField } from "./uploads.js";

const LONG_NAMES = /prompt|text|message|content|instruction|story|lyrics|description|query|question/;
const SHORT_LENGTH_MAX = 120;
const STEPS = 200;
const SEED_MAX = 2147483647;

/** A schema without references and alternatives that only say that nothing is possible too. */
export function plain(schema, root = schema) {
  const refersTo = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
  if (refersTo?.startsWith("#/")) {
    const found = refersTo.slice(2).split("/").reduce((each, key) => each?.[key], root) ?? {};
    return plain({ ...found, ...schema, $ref: undefined, allOf: undefined }, root);
  }
  const some = (schema.anyOf ?? schema.oneOf)?.filter((each) => each.type !== "null" && each.maxLength !== 0);
  if (some?.length === 1) return plain({ ...schema, anyOf: undefined, oneOf: undefined, ...some[0] }, root);
  const types = [schema.type].flat().filter((each) => each && each !== "null");
  return { ...schema, types, type: types.length === 1 ? types[0] : undefined };
}

/** The field for a value: `name` is what the input is called, `changed` is called when a person changed it. */
export function field(name, given, root, changed) {
  const schema = plain(given, root);
  const items = schema.items ? plain(schema.items, root) : {};
  if (schema.enum) return choice(schema, changed);
  if (schema.type === "boolean") return toggle(name, schema, changed);
  if (schema.type === "integer" || schema.type === "number") return number(name, schema, changed);
  if (schema.format === "uri" || schema.format === "file") return fileField(changed);
  if (schema.type === "string") return text(name, schema, changed);
  if (schema.type === "array" && (["string", "integer", "number"].includes(items.type) || items.enum || items.properties)) {
    return list(name, schema, root, changed);
  }
  if (schema.type === "object" && schema.properties) return group(schema, root, changed);
  return json(schema, changed);
}

/** Words for a name: `num_outputs` is “Num outputs”. */
export function labelOf(name, schema) {
  const words = (schema.title ?? name).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

function text(name, schema, changed) {
  const isSecret = schema.format === "password";
  const isLong = !isSecret && (LONG_NAMES.test(name) || (schema.maxLength ?? 0) > SHORT_LENGTH_MAX) && schema.format !== "date";
  const kind = isSecret ? "password" : schema.format === "date" ? "date" : "text";
  const attributes = { class: "input", maxlength: schema.maxLength, oninput: changed, placeholder: schema.examples?.[0], autocomplete: "off" };
  const element = isLong ? h("textarea", { ...attributes, rows: name === "prompt" ? 4 : 2 }) : h("input", { ...attributes, type: kind });
  const fallback = schema.default ?? "";
  element.value = fallback;
  return {
    element,
    get: () => (element.value === "" && !fallback ? undefined : element.value),
    set: (value) => { element.value = value ?? fallback; },
  };
}

function choice(schema, changed) {
  const isOptional = schema.default === undefined || schema.default === null;
  const options = schema.enum.filter((each) => each !== null);
  const element = h("select", { class: "input", onchange: changed },
    isOptional ? h("option", { value: "" }, "–") : null,
    options.map((each, index) => h("option", { value: String(index) }, String(each) || "(empty)")));
  const set = (value) => {
    const index = options.indexOf(value ?? schema.default);
    element.value = index < 0 ? "" : String(index);
  };
  set(undefined);
  return { element, get: () => (element.value === "" ? undefined : options[Number(element.value)]), set };
}

function toggle(name, schema, changed) {
  const box = h("input", { type: "checkbox", role: "switch", onchange: changed });
  box.checked = schema.default ?? false;
  const word = h("span", { class: "quiet" });
  const element = h("label", { class: "switch" }, box, word);
  const say = () => { word.textContent = box.checked ? "On" : "Off"; };
  box.addEventListener("change", say);
  say();
  return {
    element,
    control: box,
    get: () => (box.checked === (schema.default ?? false) && schema.default === undefined ? undefined : box.checked),
    set: (value) => { box.checked = value ?? schema.default ?? false; say(); },
  };
}

function number(name, schema, changed) {
  const isWhole = schema.type === "integer";
  const least = schema.minimum ?? schema.exclusiveMinimum;
  const most = schema.maximum ?? schema.exclusiveMaximum;
  const hasRange = least !== undefined && most !== undefined && most - least <= 100000 && schema.default !== undefined && schema.default !== null;
  const step = isWhole ? 1 : fineStep(most - least);
  const box = h("input", { class: "input number", type: "number", min: least, max: most, step: isWhole ? 1 : "any", inputmode: isWhole ? "numeric" : "decimal", placeholder: schema.default === null || schema.default === undefined ? "Automatic" : "" });
  const slider = hasRange ? h("input", { type: "range", min: least, max: most, step, "aria-hidden": "true", tabindex: -1 }) : null;
  const show = () => {
    if (!slider) return;
    slider.value = box.value === "" ? String(least) : box.value;
    slider.style.setProperty("--at", `${((slider.value - least) / (most - least)) * 100}%`);
  };
  const set = (value) => { box.value = value ?? schema.default ?? ""; show(); };
  box.addEventListener("input", () => { show(); changed(); });
  slider?.addEventListener("input", () => { box.value = slider.value; show(); changed(); });
  const isSeed = name === "seed" || name.endsWith("_seed");
  const roll = () => { set(Math.floor(Math.random() * Math.min(most ?? SEED_MAX, SEED_MAX))); changed(); };
  const dice = isSeed ? h("button", { class: "button square", type: "button", title: "Another seed", "aria-label": "Another seed", onclick: roll }, icon("dice")) : null;
  set(undefined);
  return { element: h("div", { class: "numeric" }, slider, box, dice), control: box, roll, get: () => (box.value === "" ? undefined : Number(box.value)), set };
}

function fineStep(range) {
  if (!Number.isFinite(range)) return 0.01;
  const rough = range / STEPS;
  return Math.max(10 ** Math.floor(Math.log10(rough)), 0.01);
}

function list(name, schema, root, changed) {
  const rows = h("div", { class: "stack rows" });
  const items = [];
  const add = (value) => {
    const part = field(name, { ...schema.items, default: undefined }, root, changed);
    const drop = h("button", { class: "button plain square", type: "button", "aria-label": "Take this away", onclick: () => {
      items.splice(items.indexOf(part), 1);
      row.remove();
      changed();
    } }, icon("cross"));
    const row = h("div", { class: "item" }, part.element, drop);
    if (value !== undefined) part.set(value);
    (part.control ?? part.element).setAttribute?.("aria-label", `${labelOf(name, schema)} ${items.length + 1}`);
    items.push(part);
    rows.append(row);
  };
  const clear = () => { items.length = 0; rows.replaceChildren(); };
  const more = h("button", { class: "button small", type: "button", onclick: () => { add(); changed(); } }, icon("plus"), "Add");
  const set = (value) => { clear(); for (const each of value ?? schema.default ?? []) add(each); };
  set(undefined);
  const get = () => {
    const found = items.map((each) => each.get()).filter((each) => each !== undefined);
    return found.length ? found : undefined;
  };
  return { element: h("div", { class: "stack" }, rows, more), get, set, at: ([index, ...rest]) => items[Number(index)]?.at?.(rest) ?? items[Number(index)] };
}

function group(schema, root, changed) {
  const parts = new Map();
  const element = h("div", { class: "group stack" });
  for (const [name, each] of Object.entries(schema.properties)) {
    const part = field(name, each, root, changed);
    const id = newId("part");
    (part.control ?? part.element).id = id;
    parts.set(name, part);
    element.append(h("div", { class: "field" }, h("label", { for: id }, labelOf(name, each)), part.element));
  }
  const get = () => {
    const found = [...parts].map(([name, each]) => [name, each.get()]).filter(([, value]) => value !== undefined);
    return found.length ? Object.fromEntries(found) : undefined;
  };
  return { element, get, set: (value) => parts.forEach((each, name) => each.set(value?.[name])), at: ([name, ...rest]) => parts.get(name)?.at?.(rest) ?? parts.get(name) };
}

function json(schema, changed) {
  const mayBeText = schema.types.includes("string");
  const element = h("textarea", { class: "input mono", rows: 3, spellcheck: "false", placeholder: mayBeText ? "" : "JSON", oninput: changed });
  const set = (value) => {
    const shown = value ?? schema.default;
    element.value = shown === undefined || shown === null ? "" : typeof shown === "string" && mayBeText ? shown : JSON.stringify(shown, null, 2);
  };
  set(undefined);
  const get = () => {
    if (!element.value.trim()) return undefined;
    try {
      const found = JSON.parse(element.value);
      return mayBeText && typeof found !== "object" ? element.value : found;
    } catch {
      return element.value;
    }
  };
  return { element, get, set };
}
