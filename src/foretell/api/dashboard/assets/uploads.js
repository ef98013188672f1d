// A field that takes a file: dropped, chosen, pasted as an address; shown as what it is.

import { ownAddress, post } from "./api.js";
import { h, icon } from "./dom.js";
import { size } from "./words.js";

const PICTURE = /\.(png|jpe?g|webp|gif|bmp|avif)(\?|$)|^data:image\//i;
const SOUND = /\.(mp3|wav|ogg|opus|flac|m4a|aac)(\?|$)|^data:audio\//i;
const FILM = /\.(mp4|webm|mov)(\?|$)|^data:video\//i;

/** A field whose value is the address of a file; what is dropped on it is uploaded first. */
export function fileField(changed) {
  let address;
  const choose = h("input", { type: "file", class: "unseen", tabindex: -1, "aria-hidden": "true" });
  const input = h("input", { class: "input", type: "url", placeholder: "or paste an address", "aria-label": "Address of the file" });
  const button = h("button", { class: "button small", type: "button", onclick: () => choose.click() }, icon("upload"), "Choose a file");
  const preview = h("div", { class: "preview", hidden: true });
  const empty = h("div", { class: "stack wanted" }, h("span", { class: "quiet" }, "Drop a file here"), h("div", { class: "row" }, button, input));
  const problem = h("p", { class: "wrong", role: "alert", hidden: true });
  const element = h("div", { class: "drop-zone" }, choose, empty, preview, problem);

  const show = (about = "") => {
    empty.hidden = Boolean(address);
    preview.hidden = !address;
    const away = h("button", { class: "button plain square small", type: "button", "aria-label": "Take the file away", onclick: () => { set(undefined); changed(); } }, icon("cross"));
    preview.replaceChildren(...(address ? [pictured(address), h("span", { class: "cut quiet" }, about || shortened(address)), away] : []));
  };
  const set = (value, about) => {
    address = value || undefined;
    input.value = "";
    problem.hidden = true;
    show(about);
  };
  const upload = async (file) => {
    problem.hidden = true;
    button.disabled = true;
    element.setAttribute("aria-busy", "true");
    try {
      const form = new FormData();
      form.append("file", file, file.name);
      const made = await post("/v1/files", form);
      set(made.url, `${file.name}, ${size(file.size)}`);
      changed();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
      element.removeAttribute("aria-busy");
    }
  };
  choose.addEventListener("change", () => choose.files[0] && upload(choose.files[0]));
  input.addEventListener("change", () => { if (input.value.trim()) { set(input.value.trim()); changed(); } });
  for (const name of ["dragenter", "dragover"]) element.addEventListener(name, (event) => { event.preventDefault(); element.dataset.over = ""; });
  element.addEventListener("dragleave", () => delete element.dataset.over);
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    delete element.dataset.over;
    if (event.dataTransfer.files[0]) upload(event.dataTransfer.files[0]);
  });
  return { element, control: button, get: () => address ?? (input.value.trim() || undefined), set };
}

/** A file of this server's examples as one that the API takes: uploaded, unless it is an address already. */
export async function uploaded(address) {
  if (!/^\/models\/.+\/examples\//.test(address)) return address;
  const answer = await fetch(address);
  const form = new FormData();
  form.append("file", await answer.blob(), address.split("?")[0].split("/").pop());
  return (await post("/v1/files", form)).url;
}

function pictured(address) {
  const own = ownAddress(address);
  const isOwn = own.startsWith("/") || own.startsWith("data:");
  if (isOwn && PICTURE.test(own)) return h("img", { src: own, alt: "" });
  if (isOwn && SOUND.test(own)) return h("audio", { src: own, controls: true, preload: "none" });
  if (isOwn && FILM.test(own)) return h("video", { src: own, muted: true, preload: "metadata" });
  return icon("docs");
}

function shortened(address) {
  if (address.startsWith("data:")) return "a data: address";
  const own = ownAddress(address);
  return own.startsWith("/files/") ? decodeURIComponent(own.split("/").pop()) : address;
}
