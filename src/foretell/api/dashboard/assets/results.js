// Results: what came out of a run, shown as what it is.

import { ownAddress } from "./api.js";
import { copy, h, icon, one } from "./dom.js";
import { player } from "./sound.js";
import { tree, vector } from "./values.js";

const PICTURE = /\.(png|jpe?g|webp|gif|bmp|avif)(\?|$)/i;
const SOUND = /\.(mp3|wav|ogg|opus|flac|m4a|aac)(\?|$)/i;
const FILM = /\.(mp4|webm|mov)(\?|$)/i;

/** Elements for what a model gave: `prediction.result`. */
export function rendered(result) {
  if (result === null || result === undefined) return [h("p", { class: "quiet" }, "It gave nothing.")];
  if (isFile(result)) return [file(result)];
  if (typeof result === "string") return [text(result)];
  if (Array.isArray(result)) return many(result);
  if (typeof result === "object") return parts(result);
  return [h("p", { class: "figure" }, String(result))];
}

/** A text that can be copied; `say` adds to it while it comes. */
export function text(words = "") {
  const body = h("div", { class: "prose", tabindex: "0", role: "region", "aria-label": "The text" }, words);
  return h("div", { class: "said" }, copy(words, "Copy the text"), body);
}

/** Opens a picture as large as the window, and at its own size on a click. */
export function enlarge(address, title) {
  const viewer = one("#viewer");
  const picture = h("img", { src: address, alt: title, onclick: () => picture.classList.toggle("whole") });
  one("h2", viewer).textContent = title;
  one(".body", viewer).replaceChildren(h("div", { class: "pane", tabindex: 0 }, picture));
  viewer.showModal();
}

function many(result) {
  if (!result.length) return [h("p", { class: "quiet" }, "An empty list.")];
  if (result.every((each) => isFile(each))) {
    const isGrid = result.length > 1 && result.every((each) => PICTURE.test(each));
    return [h("div", { class: isGrid ? "grid" : "stack" }, result.map(file))];
  }
  if (result.every((each) => typeof each === "number")) return [vector(result)];
  if (result.every((each) => Array.isArray(each) && each.length && each.every((one) => typeof one === "number"))) {
    return result.slice(0, 20).map((each, index) => vector(each, result.length > 1 ? `Vector ${index + 1} of ${result.length}` : ""));
  }
  if (result.every((each) => typeof each === "string")) return [h("div", { class: "stack" }, result.map((each) => text(each)))];
  return [tree(result)];
}

/** An object with files or long texts in it: each part under its name, the rest as a tree. */
function parts(result) {
  const shown = Object.entries(result).filter(([, value]) => isFile(value) || (typeof value === "string" && value.length > 80) || (Array.isArray(value) && value.length && value.every(isFile)));
  const rest = Object.fromEntries(Object.entries(result).filter(([name]) => !shown.some(([other]) => other === name)));
  const found = shown.map(([name, value]) => h("div", { class: "stack" }, h("h3", {}, name.replaceAll("_", " ")), rendered(value)));
  if (Object.keys(rest).length) found.push(tree(rest));
  return found;
}

function isFile(value) {
  return typeof value === "string" && /^https?:\/\/[^\s]+\/files\/[\w-]+\/[^\s]+$/.test(value);
}

function file(url) {
  const address = ownAddress(url);
  const name = decodeURIComponent(address.split("?")[0].split("/").pop());
  const save = h("a", { class: "button small", href: `${address}?download=1`, download: name }, icon("download"), "Download");
  if (PICTURE.test(address)) {
    const picture = h("img", { src: address, alt: name, decoding: "async" });
    const opener = h("button", { type: "button", class: "picture", "aria-label": `Enlarge ${name}`, onclick: () => enlarge(address, name) }, picture);
    return h("figure", { class: "result" }, opener, h("figcaption", {}, h("span", { class: "cut quiet" }, name), save));
  }
  if (SOUND.test(address)) return h("figure", { class: "result" }, player(address, name), h("figcaption", {}, h("span", { class: "cut quiet" }, name), save));
  if (FILM.test(address)) {
    return h("figure", { class: "result" }, h("video", { src: address, controls: true, loop: true, playsinline: true, preload: "metadata", "aria-label": name }), h("figcaption", {}, h("span", { class: "cut quiet" }, name), save));
  }
  return h("div", { class: "row" }, icon("docs"), h("span", { class: "cut" }, name), save);
}
