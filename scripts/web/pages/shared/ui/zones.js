// Which time zone do the pages have? A small dialog to choose one: the browser's, UTC, the server's, or one by its name.

import { button, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { ask } from "../net/api.js";
import { t } from "../text/texts.js";
import { browserZone, chooseZone, chosenZone, timeZone, zoneNamed } from "../text/zone.js";

const UTC = "UTC";

/** The button that says which zone it is, and opens the choice. */
export function zoneButton() {
  const words = t("zone.label", { zone: timeZone });
  return button({ class: "quiet square", id: "zone", "aria-label": words, title: words, "aria-haspopup": "dialog" }, open, icon("clock"));
}

function open() {
  const list = el("div", { class: "zone-list" });
  const close = button({ class: "quiet square", "aria-label": t("keys.close") }, () => dialog.close(), icon("close"));
  const dialog = el(
    "dialog",
    { class: "keys zones", "aria-labelledby": "zones-title", on: { click: (event) => event.target === dialog && dialog.close(), close: () => dialog.remove() } },
    el("div", { class: "keys-inside" }, el("header", {}, el("h2", { id: "zones-title" }, t("zone.title")), close), el("p", { class: "foot" }, t("zone.hint")), list, nameForm()),
  );
  document.body.append(dialog);
  offer(list, null);
  dialog.showModal();
  serverZone().then((zone) => zone && offer(list, zone));
}

/** One press each for those that most want; `server` is null while or where it is not known. */
function offer(list, server) {
  const chosen = chosenZone();
  const choice = (name, words, value) => button({ class: "zone-choice", "aria-pressed": String(chosen === value) }, () => chooseZone(value), el("span", {}, words), el("small", {}, name));
  fill(
    list,
    choice(browserZone, t("zone.browser"), null),
    choice(UTC, t("zone.utc"), UTC),
    server && server !== UTC ? choice(server, t("zone.server"), server) : null,
  );
}

async function serverZone() {
  if (document.documentElement.dataset.code) return null;
  try {
    const { data } = await ask("me");
    return zoneNamed(data.timezone);
  } catch {
    return null;
  }
}

function nameForm() {
  const names = Intl.supportedValuesOf?.("timeZone") ?? [];
  const known = el("datalist", { id: "zone-names" }, names.map((name) => el("option", { value: name })));
  const field = el("input", { id: "zone-name", list: "zone-names", autocomplete: "off", spellcheck: "false", required: true, maxlength: 100, placeholder: "Asia/Shanghai", value: chosenZone() ?? "" });
  const said = el("output", { for: "zone-name", role: "status" });
  const submit = async (event) => {
    event.preventDefault();
    const name = zoneNamed(field.value.trim());
    if (name && (await isKnownToServer(name))) chooseZone(name);
    else fill(said, t("zone.unknown"));
  };
  return el("form", { class: "zone-form", on: { submit } }, el("label", { for: "zone-name" }, t("zone.name")), field, el("button", {}, t("zone.use")), known, said);
}

/** Days are counted there, with a list of zones of its own. */
async function isKnownToServer(name) {
  try {
    await ask("sessions", { timezone: name, limit: 1 });
  } catch (error) {
    return error.code !== "bad_parameter";
  }
  return true;
}
