// What stays where it is on the screen while all around it still takes its place: a round at the top, or the end?
//
// Rounds that were never in sight have estimated heights, texts come later, others are put before them: each of that moves
// what was just gone to. So it is put back, until the reader scrolls.

const FRAMES = 12;
const BELOW_END = 40;
const SLACK = 1;

/** Holds something in its place in a box that changes. */
export class Holding {
  #where = null;
  #element = null;
  #frames = 0;
  #putAt = 0;

  constructor(box) {
    new ResizeObserver(() => this.#again()).observe(box);
    for (const event of ["wheel", "touchmove"]) addEventListener(event, () => this.release(), { passive: true });
    addEventListener("pointerdown", (event) => {
      // On what is held, or on the bar at the window's side.
      if (box.contains(event.target) || event.target === document.documentElement) this.release();
    });
  }

  /** The element that is held at the top, or null. */
  get element() {
    return this.#element;
  }

  get isHolding() {
    return this.#where !== null;
  }

  /** Keeps an element below what sticks to the window's top. */
  top(element) {
    this.#hold(element, () => element.getBoundingClientRect().top - parseFloat(getComputedStyle(element).scrollMarginTop));
  }

  /** Keeps the lower end of an element in sight. */
  end(element) {
    this.#hold(null, () => element.getBoundingClientRect().bottom - innerHeight + BELOW_END);
  }

  /** From now on the reader scrolls. */
  release() {
    this.#where = this.#element = null;
  }

  /** The page was scrolled; gives whether that was done here. */
  scrolled() {
    if (!this.#where) return false;
    if (this.#frames > 0 || Math.abs(scrollY - this.#putAt) <= SLACK) return true;
    this.release();
    return false;
  }

  #hold(element, where) {
    this.#element = element;
    this.#where = where;
    this.#again();
  }

  #again() {
    if (!this.#where) return;
    const isRunning = this.#frames > 0;
    this.#frames = FRAMES;
    this.#put();
    if (!isRunning) this.#next();
  }

  #next() {
    requestAnimationFrame(() => {
      this.#frames -= 1;
      if (!this.#where) this.#frames = 0;
      if (this.#frames <= 0) return;
      this.#put();
      this.#next();
    });
  }

  #put() {
    if (this.#element && !this.#element.isConnected) {
      this.release();
      return;
    }
    const by = this.#where();
    if (Math.abs(by) > SLACK) scrollBy({ top: by, behavior: "instant" });
    this.#putAt = scrollY;
  }
}
