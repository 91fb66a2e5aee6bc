// How does this browser tell of an alert while nobody looks? By a sound, and by a notification: both only where one asked for it.

import { alertText, alertTitle } from "../text/alert_words.js";

/** What there is, with the key under which this browser keeps that it is on. */
const KEYS = { sound: "alerts.sound", notification: "alerts.notification" };
const SEEN = "alerts.seen";
/** Of each severity the tones of its sound, in hertz. */
const TONES = { info: [660], warning: [660, 660], critical: [880, 660, 880] };
const TONE = 0.16;
const VOLUME = 0.12;
let audio = null;

/** Whether one asked for it. */
export function isWanted(kind) {
  return kept(KEYS[kind]) === "on";
}

/** Asks for it, or not any more; false where this browser keeps nothing. */
export function want(kind, isOn) {
  if (isOn && kind === "sound") unlock();
  return keep(KEYS[kind], isOn ? "on" : null);
}

/** Whether anything is to be told while nobody looks. */
export function isAnyWanted() {
  return Object.keys(KEYS).some(isWanted);
}

/** Why there are no notifications, as a word: `none`, `insecure`, `denied`, or `ask` where the browser has not asked yet; null where there are. */
export function whyNoNotification() {
  if (!globalThis.isSecureContext) return "insecure";
  if (!("Notification" in globalThis)) return "none";
  return { granted: null, denied: "denied" }[Notification.permission] ?? (Notification.permission === "granted" ? null : "ask");
}

/** Lets the browser ask the reader whether they may be shown. */
export async function askForNotifications() {
  if (whyNoNotification() === "ask") await Notification.requestPermission();
  return whyNoNotification();
}

/** Why there is no sound, as a word: `none`, or `locked` until one presses something on this page; null where there is. */
export function whyNoSound() {
  if (!("AudioContext" in globalThis)) return "none";
  return audio?.state === "running" ? null : "locked";
}

/** Lets sounds be heard from the first press on this page on: before that browsers are silent. */
export function unlockAtFirstPress(onUnlocked) {
  const press = async () => {
    if (!isWanted("sound")) return;
    ["pointerdown", "keydown"].forEach((name) => removeEventListener(name, press, true));
    await unlock();
    onUnlocked?.();
  };
  ["pointerdown", "keydown"].forEach((name) => addEventListener(name, press, true));
}

async function unlock() {
  if (!("AudioContext" in globalThis)) return;
  audio ??= new AudioContext();
  await audio.resume().catch(() => null);
}

/** Plays the sound of a severity; false where none can be heard. */
export function playSound(severity) {
  if (whyNoSound() !== null) return false;
  TONES[severity].forEach((tone, at) => {
    const start = audio.currentTime + at * TONE * 1.3;
    const [source, volume] = [audio.createOscillator(), audio.createGain()];
    source.frequency.value = tone;
    volume.gain.setValueAtTime(VOLUME, start);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + TONE);
    source.connect(volume).connect(audio.destination);
    source.start(start);
    source.stop(start + TONE);
  });
  return true;
}

/** Tells of alerts, the gravest first, as far as one asked for it and the browser can. */
export function tell(alerts) {
  if (!alerts.length) return;
  if (isWanted("sound")) playSound(alerts[0].severity);
  if (isWanted("notification") && whyNoNotification() === null) alerts.forEach(notify);
}

/** One notification: by its tag several tabs show it once. */
function notify(alert) {
  try {
    const shown = new Notification(alertTitle(alert), { body: alertText(alert), tag: alert.id });
    shown.addEventListener("click", () => {
      globalThis.focus();
      location.assign("alerts");
    });
  } catch {
    // Some browsers of phones have the word and show none of a page's: what fires stands on the page all the same.
  }
}

/** Of these ids those that no page of this browser has shown; all of them are shown from now on. None at the first look of all. */
export function newOf(ids) {
  const before = kept(SEEN);
  keep(SEEN, JSON.stringify(ids));
  if (before === null) return [];
  try {
    const known = new Set(JSON.parse(before));
    return ids.filter((id) => !known.has(id));
  } catch {
    return [];
  }
}

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    return false;
  }
  return true;
}
