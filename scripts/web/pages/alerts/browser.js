// Is this browser to tell of what is new by a sound or a notification? Off until one asks for it, and kept in this browser alone.

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { t } from "../shared/text/texts.js";
import { announce } from "../shared/ui/notices.js";
import { askForNotifications, isWanted, playSound, unlockAtFirstPress, want, whyNoNotification, whyNoSound } from "../shared/ui/telling.js";
import { heading } from "./parts.js";

const WHY = {
  sound: { none: "browser.sound.none", locked: "browser.sound.locked" },
  notification: { none: "browser.notification.none", insecure: "browser.notification.insecure", denied: "browser.notification.denied", ask: "browser.notification.ask" },
};
/** Reasons for which there is no use in asking for it. */
const NEVER = ["none", "insecure", "denied"];

/** Shows both switches, and why one of them has no effect where it has none. */
export function showBrowser(box) {
  const show = () => {
    const focused = document.activeElement?.id;
    fill(box, heading("browser", t("browser.title"), t("browser.kept")), el("div", { class: "switches" }, row("sound", whyNoSound(), turnSound), row("notification", whyNoNotification(), turnNotification)));
    if (focused?.startsWith("tell-")) box.querySelector(`#${focused}`)?.focus();
  };
  const turnSound = async (isOn) => {
    if (!want("sound", isOn)) announce(t("browser.notKept"));
    // The press itself lets sounds be heard; this one shows how it will be.
    await new Promise((done) => { setTimeout(done, 50); });
    if (isOn) playSound("info");
    show();
  };
  const turnNotification = async (isOn) => {
    const why = isOn ? await askForNotifications() : null;
    if (why === null && !want("notification", isOn)) announce(t("browser.notKept"));
    show();
  };
  unlockAtFirstPress(show);
  show();
}

function row(kind, why, turn) {
  const isOn = isWanted(kind);
  const isNever = NEVER.includes(why);
  const words = t(kind === "sound" ? "browser.sound" : "browser.notification");
  const told = why && (isOn || isNever) ? t(WHY[kind][why]) : t(isOn ? "browser.on" : "browser.off");
  const turned = button(
    { class: "switch", id: `tell-${kind}`, role: "switch", "aria-checked": String(isOn && !isNever), "aria-describedby": `why-${kind}`, disabled: isNever && !isOn },
    () => turn(!isOn),
    icon(kind === "sound" ? "sound" : "bell"),
    words,
    el("span", { class: "knob", "aria-hidden": "true" }),
  );
  return el("div", {}, turned, el("small", { id: `why-${kind}` }, told));
}
