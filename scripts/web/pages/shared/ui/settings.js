// Which theme, which language, which time zone, which shortcuts, and the way to everything by its name: what all pages have in their top corner.

import { button, byId, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { leadHome } from "../net/home.js";
import { LANGUAGES, chooseLanguage, language, t } from "../text/texts.js";
import { paletteButton } from "./palette.js";
import { THEMES, chosenTheme, nextTheme, onThemeChange } from "./theme.js";
import { zoneButton } from "./zones.js";

const ICONS = { system: "system", light: "sun", dark: "moon" };

/** Shows the switches; `onHelp` opens the list of shortcuts. */
export function showSettings(onHelp) {
  const theme = button({ class: "quiet square", id: "theme" }, nextTheme);
  const select = el(
    "select",
    { class: "quiet", id: "language", "aria-label": t("language.label"), on: { change: () => chooseLanguage(select.value) } },
    Object.entries(LANGUAGES).map(([tag, name]) => el("option", { value: tag, lang: tag, selected: tag === language }, name)),
  );
  const help = button({ class: "quiet square", id: "help", "aria-label": t("keys.title"), title: t("keys.title") }, onHelp);
  help.append(icon("help"));
  fill(byId("settings"), paletteButton(), select, zoneButton(), theme, help);
  leadHome();
  onThemeChange(showTheme);
  showTheme();
}

function showTheme() {
  const name = t("theme.label", { theme: t(THEMES[chosenTheme()]) });
  const node = byId("theme");
  node.setAttribute("aria-label", name);
  node.title = name;
  fill(node, icon(ICONS[chosenTheme()]));
}
