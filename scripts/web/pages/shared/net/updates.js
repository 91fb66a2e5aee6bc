// When is it time to ask the server again? After its events, every 30 seconds without them, and never too often.

import { button, byId, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { timeSince } from "../text/format.js";
import { t } from "../text/texts.js";

const POLL_AFTER = 30_000;
const CONNECT_AFTER = 300_000;
const alertListeners = [];

/** Calls back whenever the server tells that something changed in what fires, also while nobody looks at the page. */
export function onAlertEvents(listener) {
  alertListeners.push(listener);
}

/** Follows what the server tells, and shows at the top of the page when it last did. */
export class UpdateFeed {
  #address;
  #event;
  #onChange;
  #source = null;
  #poll = null;
  #reconnect = null;
  #isPaused = false;
  #hasMissed = false;
  #isLost = false;
  #updatedAt = null;

  /** `address()` is where the events come from, `event` their name; `onChange` hears of each, and on each poll. */
  constructor(address, event, onChange) {
    this.#address = address;
    this.#event = event;
    this.#onChange = onChange;
    document.addEventListener("visibilitychange", () => this.#becameVisible());
    byId("settings").before(
      el("div", { class: "live", id: "live" }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", { id: "updated" }), button({ class: "quiet square", id: "pause" }, () => this.toggle())),
    );
    this.#show();
    setInterval(() => this.#show(), 1000);
  }

  /** Starts to follow. */
  start() {
    this.#connect();
    this.#show();
  }

  /** What is shown is as of now. */
  updated() {
    this.#updatedAt = Date.now();
    this.#isLost = false;
    this.#show();
  }

  /** The server does not answer. */
  lost() {
    this.#isLost = true;
    this.#show();
  }

  /** Asks no more until the reader wants that again. */
  pause() {
    if (!this.#isPaused) this.toggle();
  }

  /** Pauses, or goes on. */
  toggle() {
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) {
      this.#stop();
    } else {
      this.#connect();
      this.#hearOf(null);
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
      // What began to fire while nobody was listening is told by no event.
      alertListeners.forEach((listener) => listener());
    });
    source.addEventListener(this.#event, (event) => this.#hearOf(event.data));
    source.addEventListener("alerts", () => alertListeners.forEach((listener) => listener()));
    source.addEventListener("error", () => {
      // A server that will not hold another stream says so for good; one that is gone is tried again by the browser.
      this.#poll ??= setInterval(() => this.#hearOf(null), POLL_AFTER);
      if (source.readyState !== EventSource.CLOSED) return;
      this.#reconnect ??= setTimeout(() => this.#connect(), CONNECT_AFTER);
      this.#hearOf(null); // what was shown may be there no more: then the server refuses this as well, and says why
    });
  }

  #stop() {
    this.#source?.close();
    this.#source = null;
    clearInterval(this.#poll);
    clearTimeout(this.#reconnect);
    this.#poll = this.#reconnect = null;
  }

  #hearOf(data) {
    if (this.#isPaused) return;
    if (document.hidden) {
      this.#hasMissed = true;
      return;
    }
    this.#onChange(data ? JSON.parse(data) : null);
  }

  #becameVisible() {
    if (document.hidden || !this.#hasMissed) return;
    this.#hasMissed = false;
    this.#hearOf(null);
  }

  #show() {
    const state = this.#isPaused ? "paused" : this.#isLost ? "lost" : "live";
    const box = byId("live");
    if (box.dataset.state !== state) {
      box.dataset.state = state;
      const label = this.#isPaused ? t("live.resume") : t("live.pause");
      const pause = byId("pause");
      pause.setAttribute("aria-label", label);
      pause.title = label;
      fill(pause, icon(this.#isPaused ? "play" : "pause"));
    }
    const when = this.#updatedAt === null ? "" : timeSince(this.#updatedAt);
    const words = { paused: t("live.paused"), lost: t("live.lost"), live: when ? t("live.updated", { when }) : t("live.waiting") }[state];
    const text = byId("updated");
    if (text.textContent === words) return;
    // Where there is little room, how long ago it was says it without more words.
    const [before, after] = state === "live" && when ? words.split(when) : [words, null];
    if (after === null) fill(text, before);
    else fill(text, el("span", { class: "spare" }, before), when, el("span", { class: "spare" }, after));
  }
}

/** Runs something at most every so many milliseconds; `now()` runs it at once, `soon()` when enough of them have passed. */
export class Throttle {
  #gap;
  #run;
  #timer = 0;
  #lastRun = 0;

  constructor(gap, run) {
    this.#gap = gap;
    this.#run = run;
  }

  now(...values) {
    this.#lastRun = Date.now();
    return this.#run(...values);
  }

  soon(...values) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(...values), Math.max(0, this.#lastRun + this.#gap - Date.now()));
  }
}

/** A function that runs something once nobody has called it for so many milliseconds. */
export function whenQuiet(gap, run) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, gap);
  };
}

/** A function that runs something at the next frame, however often it is called before that. */
export function oncePerFrame(run) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      run();
    });
  };
}
