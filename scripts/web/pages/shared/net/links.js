// How does a figure lead to what it counts? As a link that changes what the address asks for, without loading the page.

import { el } from "../dom.js";
import { addressWith, go } from "./address.js";

/** A link to this page with some parameters changed; who wants it in a tab of its own gets it there. */
export function viewLink(changes, attributes, ...children) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
    event.preventDefault();
    go(changes);
    scrollTo({ top: 0 });
  };
  return el("a", { ...attributes, href: addressWith(changes), on: { click: press } }, ...children);
}
