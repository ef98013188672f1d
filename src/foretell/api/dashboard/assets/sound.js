// A player that shows the sound.

import { h, icon } from "./dom.js";

const BARS = 160;
const HEIGHT = 72;

/** A player for the sound at an address: its waveform, where it is, and how long it takes. */
export function player(address, name) {
  const sound = h("audio", { src: address, preload: "metadata" });
  const canvas = h("canvas", { width: BARS * 4, height: HEIGHT * 2, "aria-hidden": "true" });
  const clock = h("span", { class: "quiet number" }, "0:00");
  const seek = h("input", { type: "range", class: "unseen seek", min: 0, max: 1000, value: "0", "aria-label": `Position in ${name}` });
  const button = h("button", { type: "button", class: "button first square", "aria-label": `Play ${name}` }, icon("play"));
  let peaks = null;

  const draw = () => {
    if (!peaks) return;
    const at = sound.duration ? sound.currentTime / sound.duration : 0;
    paint(canvas, peaks, at);
    seek.value = String(Math.round(at * 1000));
    clock.textContent = `${minutes(sound.currentTime)} / ${minutes(sound.duration)}`;
  };
  const follow = () => {
    draw();
    if (!sound.paused) requestAnimationFrame(follow);
  };
  button.addEventListener("click", () => (sound.paused ? sound.play() : sound.pause()));
  sound.addEventListener("play", () => { button.replaceChildren(icon("pause")); button.setAttribute("aria-label", `Pause ${name}`); follow(); });
  sound.addEventListener("pause", () => { button.replaceChildren(icon("play")); button.setAttribute("aria-label", `Play ${name}`); draw(); });
  for (const each of ["loadedmetadata", "seeked", "ended"]) sound.addEventListener(each, draw);
  seek.addEventListener("input", () => { sound.currentTime = (Number(seek.value) / 1000) * (sound.duration || 0); });
  canvas.addEventListener("click", (event) => {
    sound.currentTime = (event.offsetX / canvas.clientWidth) * (sound.duration || 0);
  });
  measured(address).then((found) => { peaks = found; draw(); }).catch(() => canvas.remove());
  return h("div", { class: "player" }, sound, button, h("div", { class: "wave" }, canvas, seek), clock);
}

async function measured(address) {
  const data = await (await fetch(address)).arrayBuffer();
  const decoded = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(data);
  const samples = decoded.getChannelData(0);
  const step = Math.max(1, Math.floor(samples.length / BARS));
  const peaks = Array.from({ length: BARS }, (_, bar) => {
    let most = 0;
    for (let place = bar * step; place < Math.min((bar + 1) * step, samples.length); place += 7) most = Math.max(most, Math.abs(samples[place]));
    return most;
  });
  const loudest = Math.max(...peaks, 0.01);
  return peaks.map((each) => each / loudest);
}

function paint(canvas, peaks, at) {
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const width = canvas.width / peaks.length;
  peaks.forEach((peak, place) => {
    context.fillStyle = place / peaks.length < at ? style.getPropertyValue("accent-color") : style.color;
    const height = Math.max(4, peak * canvas.height * 0.92);
    context.beginPath();
    context.roundRect(place * width, (canvas.height - height) / 2, width * 0.6, height, 2);
    context.fill();
  });
}

function minutes(seconds) {
  const whole = Number.isFinite(seconds) ? Math.floor(seconds) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
