// What operators do from their pages: each button and form says in its attributes what it asks the API for.

import { ask } from "./api.js";
import { all, one } from "./dom.js";
import { refused, toast } from "./toasts.js";

const sure = one("#sure");
let pending = 0;

/** Brings the part of the page that changes up to date, and leaves the focus where it is. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["live", "acts"]) replace(id, fresh);
}

function replace(id, fresh) {
  const [now, then] = [document.getElementById(id), fresh.getElementById(id)];
  if (!now || !then || now.innerHTML === then.innerHTML) return;
  const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
  now.replaceWith(document.adoptNode(then));
  if (focused) document.getElementById(focused)?.focus();
}

/** Whether something on the page is being used, so that it must not change under the reader's hands. */
function isInUse() {
  return pending > 0 || document.hidden || one("dialog[open]") !== null || !getSelection().isCollapsed;
}

async function keepLive() {
  const pause = Number(one("[data-live]")?.dataset.live);
  if (!pause) return;
  await new Promise((resolve) => { setTimeout(resolve, pause); });
  if (!isInUse()) await refresh().catch(() => null);
  keepLive();
}

/** Asks the API for what an element says, and shows what came of it. Throws what the API refuses. */
async function act(element, body) {
  pending += 1;
  try {
    const told = await ask(element.dataset.act, element.dataset.path, body);
    if (element.dataset.next) {
      location.assign(element.dataset.next.replace("{id}", () => encodeURIComponent(told.id)));
      return;
    }
    if (element.dataset.shows) show(told[element.dataset.shows]);
    else toast(element.dataset.done, "good");
  } finally {
    pending -= 1;
  }
  // Buttons beside what is live, such as "Pause", change too: the whole page is drawn anew with its place kept.
  if (one("#shown")?.open) return;
  if (element.closest("#live")) await refresh();
  else location.reload();
}

function show(secret) {
  one("#shown-text code").textContent = secret;
  const dialog = one("#shown");
  dialog.addEventListener("close", () => location.reload(), { once: true });
  dialog.showModal();
}

/** Whether the reader means it. */
function confirmed(element) {
  one(".body p", sure).textContent = element.dataset.asks;
  const yes = one("#sure-yes", sure);
  yes.textContent = element.textContent.trim();
  yes.classList.toggle("danger-first", element.classList.contains("danger"));
  sure.showModal();
  return new Promise((resolve) => {
    const said = () => {
      resolve(true);
      sure.close();
    };
    yes.addEventListener("click", said, { once: true });
    sure.addEventListener("close", () => {
      yes.removeEventListener("click", said);
      resolve(false);
    }, { once: true });
  });
}

async function press(button) {
  if (button.dataset.asks && !(await confirmed(button))) return;
  button.disabled = true;
  try {
    await act(button, button.dataset.body ? JSON.parse(button.dataset.body) : button.dataset.act === "DELETE" ? undefined : {});
  } catch (error) {
    refused(error);
  } finally {
    button.disabled = false;
  }
}

/** What a form says; empty fields are left out, or null where that takes something away. */
function said(form) {
  const found = {};
  for (const field of all("[name]", form)) {
    const text = field.value.trim();
    if (text) found[field.name] = "number" in field.dataset && !Number.isNaN(Number(text)) ? Number(text) : text;
    else if ("nulls" in form.dataset) found[field.name] = null;
  }
  return found;
}

async function submit(form) {
  const wrong = one(".wrong", form);
  const button = one('[type="submit"]', form);
  wrong.hidden = true;
  button.disabled = true;
  try {
    const doing = act(form, said(form));
    await doing;
    form.closest("dialog")?.close();
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) press(button);
});
document.addEventListener("submit", (event) => {
  if (!event.target.dataset.act) return;
  event.preventDefault();
  submit(event.target);
});
keepLive();
