// Why is there no answer, and what can be done? A key that is typed here goes in a header, so that it is in no address.

import { button, byId, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { language, loadTexts, t } from "../shared/text/texts.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";

const { base, code } = document.documentElement.dataset;
const HEADINGS = {
  key_needed: "refusal.key",
  wrong_key: "refusal.wrongKey",
  too_many_keys: "refusal.wrongKey",
  one_session_only: "locked.oneTitle",
  not_found: "refusal.nothing",
  busy: "refusal.busy",
};
const OF_KEYS = ["key_needed", "wrong_key", "too_many_keys", "one_session_only"];
const KEY = /^[\w-]{8,200}$/;

/** Says it in the reader's language, where the server knows how. */
function showWhy() {
  const heading = t(HEADINGS[code] ?? "refusal.other");
  document.title = `${heading} · ${t("brand")}`;
  fill(byId("heading"), heading);
  byId("heading").before(icon(OF_KEYS.includes(code) ? "lock" : code === "busy" ? "clock" : "search"));
  const said = [...byId("said").children];
  const mine = said.find((each) => each.lang === language);
  if (mine) said.filter((each) => each !== mine).forEach((each) => each.remove());
}

/** What can be done: a key, or the way to all sessions. */
function showWay() {
  if (OF_KEYS.includes(code)) fill(byId("way"), keyForm());
  else if (code === "busy") fill(byId("way"), button({ class: "primary" }, () => location.reload(), t("failed.again")));
  else fill(byId("way"), el("a", { class: "primary", href: base }, t("missing.home")));
}

function keyForm() {
  const field = el("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, autofocus: true });
  const told = el("output", { for: "key", role: "status" });
  const press = el("button", { class: "primary" }, t("refusal.open"));
  const submit = async (event) => {
    event.preventDefault();
    press.disabled = true;
    const why = await triedKey(keyIn(field.value));
    press.disabled = false;
    if (why) fill(told, why);
    else location.replace(addressWithoutKey());
  };
  return el("form", { on: { submit } }, el("label", { for: "key" }, t("refusal.keyLabel")), field, press, told);
}

/** The key itself, also of a whole link that was pasted. */
function keyIn(text) {
  return /[?&]key=([^&#\s]+)/.exec(text)?.[1] ?? text.trim();
}

/** Why the server does not take this key; null where it does, and the browser keeps it. */
async function triedKey(key) {
  if (!KEY.test(key)) return t("refusal.noKey");
  try {
    const response = await fetch(`${base}api/key`, {
      cache: "no-store",
      headers: { Accept: "application/json", Authorization: `Bearer ${key}` },
    });
    if (response.ok) return null;
    return t(response.status === 401 ? "refusal.wrongKey" : "refusal.busy");
  } catch {
    return t("failed.unreachable");
  }
}

function addressWithoutKey() {
  const parameters = new URLSearchParams(location.search);
  parameters.delete("key");
  const query = parameters.toString();
  return location.pathname + (query ? `?${query}` : "") + location.hash;
}

await loadTexts();
showSettings(listenForKeys([["t", t("keys.theme"), nextTheme]]));
showWhy();
showWay();
byId("key")?.focus();
