// Is the reader just pressing something? What is put anew below a pointer that is down never hears of the click.

/** Milliseconds after which a press is none that ends in a click; not every browser tells when a scroll bar is let go. */
const LONGEST = 1000;
/** The pointers that are down, each with the timer that gives it up. */
const pressed = new Map();
let letGo = Promise.resolve();
let release = () => undefined;

/** Is kept once no pointer is down, and what was pressed has heard of it. */
export function pointerReleased() {
  return letGo;
}

function ended(pointer) {
  clearTimeout(pressed.get(pointer));
  pressed.delete(pointer);
  if (!pressed.size) release();
}

addEventListener(
  "pointerdown",
  ({ pointerId: pointer }) => {
    if (!pressed.size) letGo = new Promise((resolve) => (release = resolve));
    clearTimeout(pressed.get(pointer));
    pressed.set(pointer, setTimeout(ended, LONGEST, pointer));
  },
  { capture: true },
);
// The click follows within the same task.
["pointerup", "pointercancel"].forEach((event) => addEventListener(event, ({ pointerId: pointer }) => setTimeout(ended, 0, pointer), { capture: true }));
