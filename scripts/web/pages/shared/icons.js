// Which small drawings go with the words? All on a 16-unit grid, in the colour of the text beside them.

import { svg } from "./dom.js";

const PATHS = {
  sun: "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3",
  moon: "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8Z",
  help: "M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.8M8 12.3v.2",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14",
  link: "M6.6 9.4a2.7 2.7 0 0 0 3.8 0l2.4-2.4a2.7 2.7 0 0 0-3.8-3.8l-.8.8M9.4 6.6a2.7 2.7 0 0 0-3.8 0L3.2 9a2.7 2.7 0 0 0 3.8 3.8l.8-.8",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  tool: "M9.8 2.6a3.6 3.6 0 0 0-3.6 4.8L2.4 11.2a1.7 1.7 0 1 0 2.4 2.4l3.8-3.8a3.6 3.6 0 0 0 4.7-4.4l-2.1 2.1-2.3-.4-.4-2.3 2.1-2.1c-.3-.1-.5-.1-.8-.1Z",
  error: "M8 1.8 14.8 13.8H1.2ZM8 6.2v3.6M8 11.7v.2",
  warning: "M8 1.8 14.8 13.8H1.2ZM8 6.2v3.6M8 11.7v.2",
  critical: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3ZM8 4.6v4.2M8 11v.2",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 7.4v3.6M8 5v.2",
  bell: "M8 2a4 4 0 0 0-4 4v2.8L2.6 11.6h10.8L12 8.8V6a4 4 0 0 0-4-4ZM6.6 13.8h2.8",
  sound: "M2.5 6h2.6L8.5 3v10L5.1 10H2.5ZM10.8 5.6a3.4 3.4 0 0 1 0 4.8M12.7 3.8a6 6 0 0 1 0 8.4",
  exit: "M9.5 2.5h-6v11h6M6.5 8h7.2M11 5.2 13.8 8 11 10.8",
  missed: "M3 4.2c0-1.2 2.2-2.2 5-2.2s5 1 5 2.2-2.2 2.2-5 2.2-5-1-5-2.2ZM3 4.2v7.6C3 13 5.2 14 8 14M13 4.2v3.6M10.4 10.4l4 4M14.4 10.4l-4 4",
  cut: "M4 2.5 11 11M12 2.5 5 11M3.7 11a1.6 1.6 0 1 0 .2 0ZM12.1 11a1.6 1.6 0 1 0 .2 0Z",
  thought: "M3 6.8a4.4 4.4 0 0 1 8.6-1.4 3 3 0 0 1-.6 6H5.6A3 3 0 0 1 3 6.8ZM4.6 13.6v.2M2.6 15v.1",
  person: "M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4ZM2.8 13.8c.5-2.6 2.6-3.9 5.2-3.9s4.7 1.3 5.2 3.9",
  model: "M8 1.8 9.6 6.4 14.2 8 9.6 9.6 8 14.2 6.4 9.6 1.8 8 6.4 6.4Z",
  up: "M8 13V3.5M4 7.2l4-4 4 4",
  down: "M8 3v9.5M4 8.8l4 4 4-4",
  left: "M10 3 5 8l5 5",
  right: "M6 3l5 5-5 5",
  compaction: "M2.5 3h11M2.5 13h11M8 4.5v2.4M6 5.5l2 1.8 2-1.8M8 11.5V9.1M6 10.5l2-1.8 2 1.8",
  swap: "M5 3v10M11 3v10M2.5 5.5 5 3l2.5 2.5M8.5 10.5 11 13l2.5-2.5",
  save: "M8 2v8M4.6 7 8 10.4 11.4 7M2.5 13.5h11",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  tick: "M3 8.5 6.5 12 13 4.5",
  lock: "M3.5 7.5h9v6h-9zM5.3 7.5V5a2.7 2.7 0 0 1 5.4 0v2.5",
  calendar: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.2V5M10.5 2.2V5",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 4.8V8l2.2 1.6",
};

/** A drawing that says nothing to a screen reader: words stand beside it, or the button has a label. */
export function icon(name) {
  return svg(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );
}
