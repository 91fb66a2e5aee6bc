// Which theme, which language, which shortcuts: what both pages have in their top corner.

import { button, byId, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { leadHome } from "../net/home.js";
import { LANGUAGES, chooseLanguage, language, t } from "../text/texts.js";

const THEMES = { system: "theme.system", light: "theme.light", dark: "theme.dark" };
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
  fill(byId("settings"), select, theme, help);
  leadHome();
  showTheme();
}

/** Goes from the system's theme to light, to dark, and round again. */
export function nextTheme() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(chosenTheme()) + 1) % names.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // Then it lasts as long as this page.
  }
  showTheme();
}

function chosenTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

function showTheme() {
  const name = t("theme.label", { theme: t(THEMES[chosenTheme()]) });
  const node = byId("theme");
  node.setAttribute("aria-label", name);
  node.title = name;
  fill(node, icon(ICONS[chosenTheme()]));
}
