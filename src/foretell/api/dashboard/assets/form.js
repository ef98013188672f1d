// The form of a model: made from its input's JSON Schema, with the server's problems at the fields.

import { h, icon, newId, one } from "./dom.js";
import { field, labelOf, plain } from "./fields.js";

const FIRST = /^(prompt|text|texts|image|images|audio|video|message|messages|input)$/;
const SHOWN_MAX = 5;

/** Makes the fields in `place`. `changed(name)` is called for each that a person changed. */
export function form(place, schema, changed) {
  const required = new Set(schema.required ?? []);
  const names = Object.entries(schema.properties ?? {})
    .sort(([, one], [, other]) => (one["x-order"] ?? 0) - (other["x-order"] ?? 0))
    .map(([name]) => name);
  const isFirst = (name, index) => required.has(name) || FIRST.test(name) || (index === 0) || names.length <= SHOWN_MAX;
  const fields = new Map();
  const touched = new Set();
  for (const name of names) {
    fields.set(name, wrapped(name, schema, required.has(name), () => { touched.add(name); changed(name); }));
  }
  const early = names.filter(isFirst).sort((one, other) => weight(one, required) - weight(other, required));
  const late = names.filter((name) => !early.includes(name));
  const more = late.length ? settings(late.map((name) => fields.get(name).element), late.length) : null;
  place.replaceChildren(...early.map((name) => fields.get(name).element), ...(more ? [more] : []));
  if (!names.length) place.append(h("p", { class: "quiet" }, "This model takes no input."));

  return {
    touched,
    fields,
    /** What differs from the defaults, and what is required; `secret` stands for each secret, undefined: itself. */
    value: (secret) => Object.fromEntries([...fields]
      .map(([name, each]) => [name, each.get()])
      .map(([name, value]) => [name, value !== undefined && secret !== undefined && isSecret(schema.properties[name], schema) ? secret : value])
      .filter(([name, value]) => value !== undefined && (required.has(name) || !isSame(value, plain(schema.properties[name], schema).default)))),
    set: (input) => {
      fields.forEach((each, name) => each.set(input[name]));
      if (more && late.some((name) => input[name] !== undefined)) more.open = true;
    },
    /** Shows problems, each `path: what is wrong`; gives those that belong to no field. */
    complain: (problems, only) => {
      fields.forEach((each) => each.complain(""));
      const rest = [];
      for (const problem of problems) {
        const [, path, what] = /^([^:]+): (.*)$/s.exec(problem) ?? [null, "", problem];
        const name = path.split(/[.[]/)[0];
        if (!fields.has(name)) rest.push(problem);
        else if (!only || only.has(name)) fields.get(name).complain(what, path.slice(name.length));
      }
      const wrong = late.find((name) => fields.get(name).isWrong());
      if (more && wrong) more.open = true;
      return rest;
    },
    focusFirstProblem: () => (one('[aria-invalid="true"]:is(input, textarea, select, button), [aria-invalid="true"] :is(input, textarea, select, button)', place))?.focus(),
  };
}

function weight(name, required) {
  return required.has(name) ? 0 : 1;
}

function settings(elements, count) {
  return h("details", { class: "more" }, h("summary", {}, icon("operator"), h("span", {}, "Settings"), h("span", { class: "quiet" }, String(count)), icon("down")), h("div", { class: "stack wide" }, elements));
}

function wrapped(name, schema, isRequired, changed) {
  const given = schema.properties[name];
  const about = plain(given, schema);
  const part = field(name, given, schema, changed);
  const control = part.control ?? part.element;
  const id = newId("field");
  const hint = about.description ? h("p", { class: "hint", id: `${id}-hint` }, about.description) : null;
  const wrong = h("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
  const isLabelable = /^(INPUT|TEXTAREA|SELECT|BUTTON)$/.test(control.tagName);
  if (isLabelable) control.id = id;
  const label = h(isLabelable ? "label" : "span", isLabelable ? { for: id } : { class: "label", id: `${id}-label` },
    labelOf(name, about), isRequired ? h("span", { class: "required" }, " required") : null);
  const element = h("div", { class: "field", "data-name": name }, label, part.element, wrong, hint);
  if (!isLabelable) {
    part.element.setAttribute("role", "group");
    part.element.setAttribute("aria-labelledby", `${id}-label`);
  }
  control.setAttribute("aria-describedby", [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(" "));
  return {
    element,
    roll: part.roll,
    get: part.get,
    set: part.set,
    isWrong: () => !wrong.hidden,
    complain: (what, path = "") => {
      wrong.hidden = !what;
      wrong.textContent = what ? sentence(path, what) : "";
      if (what) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    },
  };
}

function sentence(path, what) {
  const said = path ? `${path.replace(/^\./, "")}: ${what}` : what;
  return said.charAt(0).toUpperCase() + said.slice(1) + (/[.?!]$/.test(said) ? "" : ".");
}

/** Whether a value is for nobody's eyes. */
function isSecret(given, root) {
  const found = plain(given, root);
  return found.format === "password" || plain(found.items ?? {}, root).format === "password";
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other ?? undefined);
}
