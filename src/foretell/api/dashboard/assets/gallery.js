// Finding a model, and hearing and seeing what it has made.

import { all, icon, one } from "./dom.js";

const works = all(".work");
const find = one("#find");
let kind = new URLSearchParams(location.search).get("type") ?? "";

function narrow() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const each of works) {
    const fits = (!kind || each.dataset.kind === kind) && words.every((word) => each.dataset.words.includes(word));
    each.hidden = !fits;
    left += fits;
  }
  one("#nothing").hidden = left > 0;
  for (const each of all(".pills [data-kind]")) each.setAttribute("aria-pressed", each.dataset.kind === kind);
}

function choose(wanted) {
  kind = wanted;
  history.replaceState(null, "", kind ? `?type=${kind}` : location.pathname);
  narrow();
}

let playing = null;

function stop() {
  if (!playing) return;
  playing.sound.pause();
  playing.button.replaceChildren(icon("play"));
  playing = null;
}

function listen(button) {
  const isSame = playing?.button === button;
  stop();
  if (isSame) return;
  playing = { button, sound: new Audio(button.dataset.sound) };
  playing.sound.addEventListener("ended", stop);
  button.replaceChildren(icon("pause"));
  playing.sound.play().catch(stop);
}

if (find) {
  find.addEventListener("input", narrow);
  one("#all").addEventListener("click", () => {
    find.value = "";
    choose("");
  });
  all(".pills [data-kind]").forEach((each) => each.addEventListener("click", () => choose(each.dataset.kind)));
  all(".listen").forEach((each) => each.addEventListener("click", () => listen(each)));
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const video of isCalm ? [] : all(".cover video")) {
    const work = video.closest(".work");
    work.addEventListener("pointerenter", () => video.play().catch(() => {}));
    work.addEventListener("pointerleave", () => video.pause());
  }
  narrow();
}
