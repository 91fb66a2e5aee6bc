// Is the reader just pressing something? What is put anew below a pointer that is down never hears of the click.

/** Milliseconds after which a press is none that ends in a click; not every browser tells when a scroll bar is let go. */
const LONGEST = 1000;
let letGo = Promise.resolve();

/** Is kept once no pointer is down, and what was pressed has heard of it. */
export function pointerReleased() {
  return letGo;
}

addEventListener(
  "pointerdown",
  () => {
    letGo = new Promise((resolve) => {
      // The click follows within the same task.
      const ended = () => setTimeout(resolve);
      ["pointerup", "pointercancel"].forEach((event) => addEventListener(event, ended, { capture: true, once: true }));
      setTimeout(resolve, LONGEST);
    });
  },
  { capture: true },
);
