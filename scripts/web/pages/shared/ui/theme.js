// Which theme is chosen: the system's, light, or dark?

/** The themes that there are, each with the text that names it. */
export const THEMES = { system: "theme.system", light: "theme.light", dark: "theme.dark" };

const listeners = [];

/** The theme of this page. */
export function chosenTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

/** Chooses a theme for good. */
export function chooseTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("theme", name);
  } catch {
    // Then it lasts as long as this page.
  }
  listeners.forEach((listener) => listener());
}

/** Goes from the system's theme to light, to dark, and round again. */
export function nextTheme() {
  const names = Object.keys(THEMES);
  chooseTheme(names[(names.indexOf(chosenTheme()) + 1) % names.length]);
}

/** Calls back whenever another theme is chosen. */
export function onThemeChange(listener) {
  listeners.push(listener);
}
