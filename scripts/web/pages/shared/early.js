// Which theme and language were chosen? Runs before the first paint, so that nothing flashes, and asks for the texts.
(function () {
  "use strict";
  const root = document.documentElement;
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem("theme");
    language = localStorage.getItem("language");
  } catch {
    // Storage may be switched off; the browser's own settings are used then.
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const wanted = [language, ...(navigator.languages || [navigator.language || "en"])].filter(Boolean);
  const known = wanted.map((tag) => (/^zh\b/i.test(tag) ? "zh-CN" : /^en\b/i.test(tag) ? "en" : "")).filter(Boolean);
  root.lang = known[0] || "en";
  const address = `${root.dataset.base || ""}static/texts/texts.${root.lang}.json`;
  globalThis.textsAskedFor = fetch(address)
    .then((response) => response.json())
    .catch(() => null);
})();
