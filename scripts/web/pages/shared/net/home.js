// Where do the brand and the first of the pages lead? To the overview as it was left: range, filters and order; the pages
// that compare and that tell of findings have the same range.

const KEY = "overview";
/** What belongs to one look alone. */
const PASSING = ["offset", "q"];
const SPAN = ["range", "since", "until"];

/** Remembers what the overview shows just now, for the pages of this tab; its own brand leads there, too. */
export function rememberOverview() {
  const kept = new URLSearchParams(location.search);
  PASSING.forEach((name) => kept.delete(name));
  keep(kept);
}

/** Lets the overview have the range of this page, and what it had otherwise. */
export function keepSpan() {
  const kept = new URLSearchParams(keptQuery() ?? "");
  copySpan(new URLSearchParams(location.search), kept);
  keep(kept);
}

/** The address of what compares models or consumers (`of`), in the range that this page shows, and of `others` alone. */
export function compareAddress(of, names, others) {
  const query = new URLSearchParams();
  if (of !== "model") query.set("of", of);
  copySpan(new URLSearchParams(location.search), query);
  for (const [name, value] of Object.entries(others)) if (value) query.set(name, value);
  names.forEach((name) => query.append("name", name));
  return `compare?${query}`;
}

/** The address of the page of findings, in the range that this page shows, and of `others` alone. */
export function insightsAddress(others) {
  const query = new URLSearchParams();
  copySpan(new URLSearchParams(location.search), query);
  for (const [name, value] of Object.entries(others)) if (value) query.set(name, value);
  return `insights?${query}`;
}

function copySpan(from, to) {
  for (const name of SPAN) {
    if (from.has(name)) to.set(name, from.get(name));
    else to.delete(name);
  }
}

function keep(query) {
  try {
    sessionStorage.setItem(KEY, query.toString());
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

/** Lets the brand lead to the overview as it was left, and the pages that compare and that tell of findings have its range. */
export function leadHome() {
  const kept = keptQuery();
  if (kept === null) return;
  const span = new URLSearchParams();
  copySpan(new URLSearchParams(kept), span);
  document.querySelectorAll("a.brand, .pages a:first-child").forEach((link) => { link.search = kept; });
  document.querySelectorAll(".pages a:is(:nth-child(2), :nth-child(3))").forEach((link) => { link.search = span; });
}

function keptQuery() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
