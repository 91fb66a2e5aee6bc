// Where do the brand and the first of the pages lead? To the overview as it was left: range, filters and order.

const KEY = "overview";
/** What belongs to one look alone. */
const PASSING = ["offset", "q"];

/** Remembers what the overview shows just now, for the pages of this tab; its own brand leads there, too. */
export function rememberOverview() {
  const kept = new URLSearchParams(location.search);
  PASSING.forEach((name) => kept.delete(name));
  try {
    sessionStorage.setItem(KEY, kept.toString());
  } catch {
    // Then the brand leads to the usual view.
  }
  leadHome();
}

/** Lets the brand lead to the overview as it was left. */
export function leadHome() {
  let kept = null;
  try {
    kept = sessionStorage.getItem(KEY);
  } catch {
    return;
  }
  if (kept !== null) document.querySelectorAll("a.brand, .pages a:first-child").forEach((link) => { link.search = kept; });
}
