// Where was the reader on a page that the browser's back button leads to? At the same height, once it has its content again.

import { whenQuiet } from "./updates.js";

const PATIENCE = 120;
let wanted = null;

/** Begins to remember how far down the page is, with each entry of the history. */
export function keepScroll() {
  history.scrollRestoration = "manual";
  wanted = history.state?.y ?? null;
  const save = () => wanted === null && history.replaceState({ ...history.state, y: Math.round(scrollY) }, "");
  addEventListener("scroll", whenQuiet(PATIENCE, save), { passive: true });
  addEventListener("pagehide", save);
  addEventListener("popstate", () => {
    wanted = history.state?.y ?? 0;
  });
}

/** The content is there: goes to where it was left, once. */
export function restoreScroll() {
  if (wanted === null) return;
  scrollTo({ top: wanted, behavior: "instant" });
  wanted = null;
}
