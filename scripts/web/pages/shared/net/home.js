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

/** The address of the overview as it was left but for some changes; null and "" are left out. */
export function overviewAddress(changes) {
  const parameters = new URLSearchParams(keptQuery() ?? "");
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") parameters.delete(name);
    else parameters.set(name, value);
  }
  return `./?${parameters}`;
}

/** Lets the brand lead to the overview as it was left. */
export function leadHome() {
  const kept = keptQuery();
  if (kept !== null) document.querySelectorAll("a.brand, .pages a:first-child").forEach((link) => { link.search = kept; });
}

function keptQuery() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
