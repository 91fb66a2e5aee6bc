// How is an element made? Text always becomes a text node, so nothing that was logged can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: attributes (null and false are left out), `on` for listeners, then its children. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element, likewise. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** Puts these children in the place of those that are there. */
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

/** The element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A button that does something. */
export function button(attributes, onClick, ...children) {
  return el("button", { type: "button", ...attributes, on: { click: onClick } }, ...children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else {
      node.setAttribute(key, value === true ? "" : value);
    }
  }
  node.append(...nodes(children));
  return node;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
