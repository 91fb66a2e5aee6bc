// Has something changed? By the server's events; where there are none, by asking every 30 seconds.

import { byId, fill } from "./dom.js";
import { since } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

const POLL = 30_000;
const AGAIN = 300_000;

/** Follows what the server tells, and shows when it last did. */
export class Live {
  #address;
  #event;
  #onChange;
  #source = null;
  #poll = null;
  #again = null;
  #paused = false;
  #missed = false;
  #lost = false;
  #at = null;

  /** `address()` is where the events come from, `event` their name; `onChange` hears of each, and on each poll. */
  constructor(address, event, onChange) {
    this.#address = address;
    this.#event = event;
    this.#onChange = onChange;
    document.addEventListener("visibilitychange", () => this.#seen());
    byId("pause").addEventListener("click", () => this.toggle());
    setInterval(() => this.#show(), 1000);
  }

  /** Starts to follow. */
  start() {
    this.#connect();
    this.#show();
  }

  /** What is shown is as of now. */
  updated() {
    this.#at = Date.now();
    this.#lost = false;
    this.#show();
  }

  /** The server does not answer. */
  lost() {
    this.#lost = true;
    this.#show();
  }

  get isPaused() {
    return this.#paused;
  }

  /** Pauses, or goes on. */
  toggle() {
    this.#paused = !this.#paused;
    if (this.#paused) {
      this.#stop();
    } else {
      this.#connect();
      this.#changed(null);
    }
    this.#show();
  }

  #connect() {
    this.#stop();
    const source = new EventSource(this.#address());
    this.#source = source;
    source.addEventListener("open", () => {
      clearInterval(this.#poll);
      this.#poll = null;
    });
    source.addEventListener(this.#event, (event) => this.#changed(event.data));
    source.addEventListener("error", () => {
      // A server that will not hold another stream says so for good; one that is gone is tried again by the browser.
      this.#poll ??= setInterval(() => this.#changed(null), POLL);
      if (source.readyState === EventSource.CLOSED) this.#again ??= setTimeout(() => this.#connect(), AGAIN);
    });
  }

  #stop() {
    this.#source?.close();
    this.#source = null;
    clearInterval(this.#poll);
    clearTimeout(this.#again);
    this.#poll = this.#again = null;
  }

  #changed(data) {
    if (this.#paused) return;
    if (document.hidden) {
      this.#missed = true;
      return;
    }
    this.#onChange(data ? JSON.parse(data) : null);
  }

  #seen() {
    if (document.hidden || !this.#missed) return;
    this.#missed = false;
    this.#changed(null);
  }

  #show() {
    const state = this.#paused ? "paused" : this.#lost ? "lost" : "live";
    const box = byId("live");
    if (box.dataset.state !== state) {
      box.dataset.state = state;
      const label = this.#paused ? t("live.resume") : t("live.pause");
      const pause = byId("pause");
      pause.setAttribute("aria-label", label);
      pause.title = label;
      fill(pause, icon(this.#paused ? "play" : "pause"));
    }
    const when = this.#at === null ? "" : since(this.#at);
    const words = { paused: t("live.paused"), lost: t("live.lost"), live: when ? t("live.updated", { when }) : t("live.waiting") };
    const text = byId("updated");
    if (text.textContent !== words[state]) text.textContent = words[state];
  }
}
