// What does the address say, and how is it changed so that back and forward work?

/** The parameters of this page's address. */
export function addressParameters() {
  return new URLSearchParams(location.search);
}

/** The address with some parameters changed; null, "" and what is usual are left out, a list gives one for each. */
export function addressWith(changes) {
  const parameters = addressParameters();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "" || Array.isArray(value)) parameters.delete(name);
    else parameters.set(name, value);
    if (Array.isArray(value)) value.forEach((each) => parameters.append(name, each));
  }
  const query = parameters.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return location.pathname + (query ? `?${query}` : "");
}

/** Goes to such an address without loading the page; `listen` tells. With `replace` the back button skips it. */
export function go(changes, { replace = false } = {}) {
  const to = addressWith(changes);
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](replace ? history.state : null, "", to);
  listeners.forEach((listener) => listener());
}

/** Calls back whenever the address has changed, by us or by back and forward. */
export function onAddressChange(listener) {
  listeners.push(listener);
}

/** The address of a session's page, beside that of any page: at a round of it, with words that are to be found there. */
export function sessionAddress(id, round, words) {
  const query = encodeURIComponent(id).replaceAll("%3A", ":").replaceAll("%2F", "/");
  const find = words ? `&find=${encodeURIComponent(words)}` : "";
  return `session?id=${query}${find}${round ? `#r${round}` : ""}`;
}

const listeners = [];
addEventListener("popstate", () => listeners.forEach((listener) => listener()));
