// What every page has: the theme, menus, times that stay true, copy buttons, tabs, dialogs.

import { all, icon, one } from "./dom.js";
import { toast } from "./toasts.js";
import { ago, ahead, exact } from "./words.js";

const THEME = "foretell-theme";
const TICK_MS = 10000;

function chosenTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

function showTheme() {
  const chosen = chosenTheme();
  for (const each of all("[data-theme-choice]")) each.setAttribute("aria-pressed", each.dataset.themeChoice === chosen);
  const sign = { system: "screen", light: "sun", dark: "moon" }[chosen];
  one("#theme > summary").replaceChildren(icon(sign));
}

function choose(theme) {
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(THEME);
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
  }
  showTheme();
}

class RelativeTime extends HTMLElement {
  static observedAttributes = ["datetime"];

  connectedCallback() {
    this.show();
  }

  attributeChangedCallback() {
    this.show();
  }

  show() {
    const date = new Date(this.getAttribute("datetime"));
    if (Number.isNaN(date.getTime())) return;
    const text = date.getTime() > Date.now() + 1000 ? ahead(date) : ago(date);
    if (this.textContent !== text) this.textContent = text;
    this.title = exact(date);
  }
}

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => this.copy());
  }

  async copy() {
    const of = this.getAttribute("of");
    const text = of ? document.getElementById(of).innerText : this.getAttribute("text");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast("Your browser does not let this page copy. Select the text and copy it yourself.", "bad");
      return;
    }
    const button = one("button", this);
    const before = [...button.childNodes];
    button.replaceChildren(icon("check"));
    this.dataset.done = "";
    setTimeout(() => {
      button.replaceChildren(...before);
      delete this.dataset.done;
    }, 1500);
  }
}

/** Arrow keys walk through the tabs of a list; each shows the panel that it controls. */
function tabs(list) {
  const found = all('[role="tab"]', list);
  const show = (tab) => {
    for (const each of found) {
      each.setAttribute("aria-selected", each === tab);
      each.tabIndex = each === tab ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
    list.dispatchEvent(new CustomEvent("tabchange", { detail: tab.id, bubbles: true }));
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) show(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = found[(found.indexOf(document.activeElement) + step + found.length) % found.length];
    next.focus();
    show(next);
    event.preventDefault();
  });
}

function dialogs(event) {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  if (event.target instanceof HTMLDialogElement && event.target.open) closeIfBeside(event.target, event);
}

function closeIfBeside(dialog, event) {
  if ("stays" in dialog.dataset) return;
  const box = dialog.getBoundingClientRect();
  const isWithin = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!isWithin && event.detail) dialog.close();
}

function closeDrops(event) {
  const isKey = event.type === "keydown";
  if (isKey && event.key !== "Escape") return;
  for (const each of all("details.drop[open]")) {
    if (!isKey && each.contains(event.target)) continue;
    if (isKey && each.contains(document.activeElement)) one("summary", each).focus();
    each.open = false;
  }
}

/** On a narrow screen, where lists of links scroll: the current one is within sight. */
function showCurrent(list) {
  const current = one("[aria-current]", list);
  if (current) list.scrollLeft = current.offsetLeft - list.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
}

customElements.define("relative-time", RelativeTime);
customElements.define("copy-button", CopyButton);
setInterval(() => all("relative-time").forEach((each) => each.show()), TICK_MS);
all('[role="tablist"]').forEach(tabs);
document.addEventListener("click", dialogs);
document.addEventListener("click", closeDrops);
document.addEventListener("keydown", closeDrops);
all("[data-theme-choice]").forEach((each) => each.addEventListener("click", () => choose(each.dataset.themeChoice)));
showTheme();
all(".menu, nav.tabs").forEach(showCurrent);
