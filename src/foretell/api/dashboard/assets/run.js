// A run: one prediction from its creation, or from its id, to its end, shown as it goes.

import { get, post } from "./api.js";
import { badge, copy, h, icon } from "./dom.js";
import { follow } from "./events.js";
import { rendered, text } from "./results.js";
import { refused, toast } from "./toasts.js";
import { counted, credits, duration } from "./words.js";

const PHASES = {
  queued: "Waiting for its turn",
  paused: "The model is paused",
  fetching: "Fetching the input's files",
  downloading: "Downloading the model",
  building: "Preparing the model's environment",
  loading: "Loading the model",
  running: "Running",
  storing: "Storing the result",
};
const FINAL = new Set(["succeeded", "failed", "canceled", "cancelled"]);
const LOG_LINES_MAX = 2000;

/**
 * What a person sees of a prediction. `changed` is called when its state did, `heard` for every event of its stream;
 * `again` makes buttons for its end.
 */
export class Run {
  constructor({ streams = false, changed = () => {}, heard = () => {}, again = () => [] } = {}) {
    this.prediction = null;
    this.state = "starting";
    this.changed = changed;
    this.heard = heard;
    this.again = again;
    this.began = Date.now();
    this.status = h("span", { role: "status" });
    this.steps = h("span", { class: "quiet number" });
    this.clock = h("span", { class: "quiet number" });
    this.actions = h("div", { class: "row push" });
    this.bar = h("div", { class: "progress", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 }, h("div"));
    this.body = h("div", { class: "take-body" });
    this.log = h("pre", { tabindex: 0, "aria-label": "Log" });
    this.logs = h("details", { class: "logs", hidden: true }, h("summary", {}, icon("code"), "Log"), this.log);
    this.element = h("article", { class: "take" }, h("div", { class: "take-head" }, this.status, this.steps, this.clock, this.actions), this.bar, this.body, this.logs);
    this.words = streams ? text() : null;
    this.timer = null;
    this.stopping = new AbortController();
  }

  /** Creates the prediction and follows it to its end. Throws the Refusal of a create. */
  async create(body) {
    this.phase("queued");
    this.tick();
    try {
      this.prediction = await post("/v1/predictions", body);
    } catch (error) {
      this.untick();
      throw error;
    }
    this.began = Date.now();
    this.changed(this);
    this.offerCancel();
    await this.follow();
  }

  /** Shows one that exists: its end, or all that is still to come. Throws a Refusal where it cannot be seen. */
  async open(id) {
    this.prediction = await get(`/v1/predictions/${id}`);
    this.began = Date.parse(this.prediction.created_at);
    if (FINAL.has(this.prediction.status)) return this.done(this.prediction);
    this.tick();
    this.phase(this.prediction.metadata.phase ?? "queued");
    this.changed(this);
    this.offerCancel();
    return this.follow();
  }

  async follow() {
    try {
      await follow(`/v1/predictions/${this.prediction.id}/stream`, (name, data) => this.hear(name, data), { signal: this.stopping.signal });
    } catch (error) {
      this.untick();
      if (error.name !== "AbortError") refused(error);
    }
  }

  hear(name, data) {
    this.heard(name, data);
    if (name === "status") this.phase(data.phase ?? (data.status === "processing" ? "running" : "queued"), data);
    else if (name === "progress") this.progress(data);
    else if (name === "output") this.say(data.value);
    else if (name === "preview") this.preview(data.image);
    else if (name === "log") this.note(data.text);
    else if (name === "restarted") this.restart();
    else if (name === "done") this.done(data);
    return name === "done";
  }

  phase(word, { queue, download_percent: percent, building } = {}) {
    this.state = word === "running" || word === "storing" ? "processing" : "starting";
    let said = PHASES[word] ?? word;
    if (word === "queued" && queue?.position > 1) said += `: ${queue.position - 1} before you`;
    if (word === "queued" && queue?.estimate_seconds >= 2) said += `, about ${duration(queue.estimate_seconds)}`;
    if (word === "downloading" && percent !== undefined) said += ` (${percent} %)`;
    this.status.replaceChildren(badge("running", said));
    this.bar.hidden = false;
    this.bar.classList.toggle("unsure", percent === undefined);
    if (percent !== undefined) this.fill(percent);
    if (building) this.body.replaceChildren(h("p", { class: "quiet mono cut" }, building));
    this.changed(this);
  }

  progress(said) {
    this.bar.classList.remove("unsure");
    this.fill(said.progress);
    if (said.of) this.steps.textContent = counted(said);
  }

  fill(percent) {
    this.bar.setAttribute("aria-valuenow", Math.round(percent));
    this.bar.firstChild.style.width = `${percent}%`;
  }

  say(value) {
    if (typeof value !== "string" || !this.words) return;
    if (!this.words.isConnected) this.body.replaceChildren(this.words);
    this.words.querySelector(".prose").append(value);
  }

  preview(address) {
    const shown = this.body.querySelector("img.preview-picture") ?? h("img", { class: "preview-picture", alt: "The picture so far" });
    shown.src = address;
    if (!shown.isConnected) this.body.replaceChildren(shown);
  }

  note(words) {
    this.logs.hidden = false;
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 30;
    this.log.append(words.endsWith("\n") ? words : `${words}\n`);
    while (this.log.childNodes.length > LOG_LINES_MAX) this.log.firstChild.remove();
    if (isAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  restart() {
    this.note("The machine that ran it was lost: it begins again.");
    this.steps.textContent = "";
    this.body.replaceChildren();
    if (this.words) this.words = text();
  }

  done(prediction) {
    this.untick();
    this.steps.textContent = "";
    if (!prediction.status) {
      this.state = "canceled";
      this.status.replaceChildren(badge("canceled", "Deleted"));
      this.bar.hidden = true;
      this.changed(this);
      return;
    }
    this.prediction = prediction;
    this.state = prediction.status;
    this.bar.hidden = true;
    this.status.replaceChildren(badge(prediction.status));
    this.clock.textContent = took(prediction);
    this.body.replaceChildren(...ended(prediction));
    this.actions.replaceChildren(...this.again(this), this.shareButton());
    this.changed(this);
  }

  shareButton() {
    const isPublic = this.prediction.privacy === "public";
    const address = `${location.origin}/predictions/${this.prediction.id}`;
    const share = async () => {
      await navigator.clipboard.writeText(address).catch(() => {});
      toast(isPublic ? "The link is copied. Whoever has it may see the result." : "The link is copied. Only your account may open it: it is private.", "good");
    };
    return h("button", { class: "button plain square small", type: "button", title: "Copy a link to it", "aria-label": "Copy a link to it", onclick: share }, icon("share"));
  }

  offerCancel() {
    const button = h("button", { class: "button small", type: "button", onclick: async () => {
      button.disabled = true;
      await post(`/v1/predictions/${this.prediction.id}/cancel`).catch(refused);
    } }, icon("stop"), "Cancel");
    this.actions.replaceChildren(button);
  }

  tick() {
    const show = () => { this.clock.textContent = duration((Date.now() - this.began) / 1000); };
    show();
    this.timer = setInterval(show, 100);
  }

  untick() {
    clearInterval(this.timer);
  }

  /** Follows it no more; the prediction goes on. */
  leave() {
    this.untick();
    this.stopping.abort();
  }
}

function took(prediction) {
  const { predict_time: seconds } = prediction.metrics ?? {};
  const spent = prediction.metadata?.billing?.credits_used;
  const words = seconds === undefined || seconds === null ? [] : [duration(seconds)];
  if (spent) words.push(`${credits(spent)} credits`);
  return words.join(" · ");
}

function ended(prediction) {
  if (prediction.data_removed) return [h("div", { class: "notice" }, icon("info"), h("span", {}, "Its output is no longer kept."))];
  if (prediction.status === "succeeded") return rendered(prediction.result);
  if (prediction.status === "failed") {
    const words = h("span", {}, h("strong", {}, "It failed. "), prediction.error || "The model gave no reason.");
    return [h("div", { class: "notice bad" }, icon("alert"), words, copy(`${prediction.error ?? ""}\n${prediction.id}`, "Copy the message and the id"))];
  }
  return [h("div", { class: "notice" }, icon("stop"), h("span", {}, "It was canceled."))];
}

export { FINAL };
