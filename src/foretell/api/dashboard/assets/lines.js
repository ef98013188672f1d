// A prediction as a line of a list.

import { ownAddress } from "./api.js";
import { badge, h, icon, time } from "./dom.js";
import { count, credits, duration } from "./words.js";

const PICTURE = /\.(png|jpe?g|webp|gif|bmp|avif)(\?|$)/i;
const SOUND = /\.(mp3|wav|ogg|opus|flac|m4a|aac)(\?|$)/i;
const FILM = /\.(mp4|webm|mov)(\?|$)/i;
const SIGNS = { image: "image", text: "text", audio: "audio", music: "audio", video: "video", embedding: "vectors", embeddings: "vectors" };
const WORDS_MAX = 300;
const NO_WORDS = /^(https?:|data:)/;

export const LIVE = new Set(["starting", "processing"]);
const PHASES = { paused: "paused", downloading: "downloading", building: "preparing", loading: "loading", queued: "queued", fetching: "fetching", storing: "storing" };

/** An item of a list for a prediction. */
export function line(prediction) {
  const found = h("li", { class: "line", "data-id": prediction.id });
  fill(found, prediction);
  return found;
}

/** Says in a line what the prediction is now; what is the same stays as it is, so that nothing flickers. */
export function fill(item, prediction) {
  const parts = [
    ["thumb", thumb(prediction)], ["what", what(prediction)], ["how", how(prediction)],
    ["took", took(prediction)], ["when", [time(prediction.created_at)]],
  ];
  for (const [name, content] of parts) {
    const cell = h("div", { class: name }, content);
    const before = item.querySelector(`:scope > .${name}`);
    if (!before) item.append(cell);
    else if (name !== "when" && before.innerHTML !== cell.innerHTML) before.replaceWith(cell);
  }
  item.dataset.status = prediction.status;
}

function thumb(prediction) {
  const files = filesOf(prediction.result);
  const picture = files.find((each) => PICTURE.test(each));
  if (picture) {
    const more = files.length > 1 ? h("span", { class: "more-files" }, `+${files.length - 1}`) : null;
    return [h("img", { src: ownAddress(picture), alt: "", loading: "lazy", decoding: "async", width: 56, height: 56 }), more];
  }
  if (files.some((each) => SOUND.test(each))) return [icon("audio")];
  if (files.some((each) => FILM.test(each))) return [icon("video")];
  return [icon(SIGNS[prediction.model.type] ?? "predictions")];
}

function what(prediction) {
  return [
    h("a", { href: `/predictions/${prediction.id}` }, prediction.model.name),
    h("span", { class: "words" }, said(prediction)),
  ];
}

/** What it was asked, or else what came of it, or its id. */
function said(prediction) {
  const input = prediction.input ?? {};
  const asked = [input.prompt, input.text, input.message, ...Object.values(input).flat()].find((each) => typeof each === "string" && each.trim() && !NO_WORDS.test(each));
  const words = asked || prediction.error || (typeof prediction.result === "string" && !filesOf(prediction.result).length ? prediction.result : "") || prediction.id;
  return words.replace(/\s+/g, " ").slice(0, WORDS_MAX);
}

function how(prediction) {
  const phase = LIVE.has(prediction.status) ? PHASES[prediction.metadata?.phase] : null;
  const word = LIVE.has(prediction.status) ? "running" : prediction.status;
  return [badge(word, phase ?? prediction.status, phase === "queued" || phase === "paused" ? "" : undefined)];
}

function took(prediction) {
  const total = prediction.metrics?.total_time;
  const spent = prediction.metadata?.billing?.credits_used;
  return [
    h("span", { class: "number" }, total === undefined ? "" : duration(total)),
    spent ? h("span", { class: "quiet number" }, count(spent, "credit").replace(/^[\d.,]+/, credits(spent))) : null,
  ];
}

function filesOf(result) {
  if (typeof result === "string") return isFile(result) ? [result] : [];
  if (Array.isArray(result)) return result.filter((each) => typeof each === "string" && isFile(each));
  return result && typeof result === "object" ? Object.values(result).flatMap(filesOf) : [];
}

function isFile(value) {
  return /^https?:\/\/[^\s]+\/files\/[\w-]+\/[^\s]+$/.test(value);
}
