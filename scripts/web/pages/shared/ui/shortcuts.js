// Which keys do what? Never while somebody types, and never keys that the browser wants.

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../text/texts.js";
import { PALETTE_KEYS } from "./palette.js";

const TYPING = "input, select, textarea, [contenteditable]";

/** Listens for `[keys, what it does in words, what to do]`, and shows them in a dialog at `?`; gives what opens it. */
export function listenForKeys(shortcuts) {
  const dialog = dialogOf([...shortcuts, [PALETTE_KEYS, t("palette.title"), null], ["?", t("keys.help"), null], ["Esc", t("keys.close"), null]]);
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      open();
      return;
    }
    const [, , act] = shortcuts.find(([keys]) => keys.split(" ").includes(event.key)) ?? [];
    if (!act || (event.key === "Enter" && event.target.closest?.("a, button, summary"))) return;
    event.preventDefault();
    act(event);
  });
  return open;
}

function dialogOf(rows) {
  const close = button({ class: "quiet square", "aria-label": t("keys.close") }, () => dialog.close(), icon("close"));
  const dialog = el(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title", on: { click: (event) => event.target === dialog && dialog.close() } },
    el(
      "div",
      { class: "keys-inside" },
      el("header", {}, el("h2", { id: "keys-title" }, t("keys.title")), close),
      el(
        "dl",
        {},
        rows.map(([keys, words]) =>
          el("div", {}, el("dt", {}, keys.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, words)),
        ),
      ),
    ),
  );
  document.body.append(dialog);
  return dialog;
}
