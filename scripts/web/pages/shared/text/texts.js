// What do we say, in the reader's language?

/** The languages that there are, each by its own name. */
export const LANGUAGES = { en: "English", "zh-CN": "简体中文" };

/** The language of this page. */
export const language = document.documentElement.lang;

/** Where the pages' files are, as seen from this page: only a page that stands anywhere says it. */
const base = document.documentElement.dataset.base ?? "";

let texts = {};
let plurals = null;

/** Loads the texts; nothing can be said before. */
export async function loadTexts() {
  // They were asked for before this module came: see early.js.
  texts = (await globalThis.textsAskedFor) ?? (await (await fetch(`${base}static/texts/texts.${language}.json`)).json());
  plurals = new Intl.PluralRules(language);
  translate(document);
}

/** The text of a key, with values in the place of `{name}`; `count` chooses between one and many. */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  const chosen = typeof text === "string" ? text : (text[plurals.select(values.count ?? 0)] ?? text.other);
  return chosen.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** Puts texts where the page asks for them: `data-text` for what an element says, `data-label`, `data-hint`. */
function translate(root) {
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
  for (const node of root.querySelectorAll("[data-hint]")) node.setAttribute("placeholder", t(node.dataset.hint));
}

/** Chooses a language for good. */
export function chooseLanguage(tag) {
  try {
    localStorage.setItem("language", tag);
  } catch {
    return;
  }
  location.reload();
}
