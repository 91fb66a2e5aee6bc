// How does a text get into the clipboard? Pages that do not come over TLS may not use the browser's own way.

import { el } from "../dom.js";
import { t } from "../text/texts.js";
import { announce } from "./notices.js";

/** Copies, and says on the button that it did, in words of its own where there are some. */
export async function copy(text, button, doneInWords = t("copy.done")) {
  const done = (await byBrowser(text)) || bySelection(text);
  const words = done ? doneInWords : t("copy.failed");
  announce(words);
  if (!button) return;
  button.dataset.told = words;
  setTimeout(() => delete button.dataset.told, 1800);
}

async function byBrowser(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function bySelection(text) {
  const box = el("textarea", { class: "hidden", readonly: true });
  const focused = document.activeElement;
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  focused?.focus?.();
  return done;
}
