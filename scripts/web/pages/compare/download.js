// What does a file of what is compared hold? A row a side, with the figures as the server tells them: exact, and under its names.

import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";

/** What a spreadsheet takes for a formula; Japanese ones read the wide forms alike. */
const FORMULA = /^\s*[=+\-@\t\r＝＋－＠]/u;

/** A link that saves the sides as a table for spreadsheets. */
export function download(sides, of) {
  const save = () => {
    link.href = URL.createObjectURL(new Blob(["\ufeff", csvOf(sides)], { type: "text/csv;charset=utf-8" }));
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  const link = el("a", { class: "quiet", id: "download", href: "#", download: `compare-${of}.csv`, on: { click: save } }, icon("save"), t("compare.download"));
  return link;
}

/** RFC 4180: a line of names, then one a side. */
export function csvOf(sides) {
  const rows = sides.map((side) => flat(side));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row.get(column) ?? null))];
  return lines.map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
}

/** The plain values of a side by their names: of a session's own facts the id and when it began, which tell which one it is. */
function flat({ session, latency, ...side }) {
  const facts = session ? { created_at: session.created_at, updated_at: session.updated_at } : {};
  const values = Object.entries({ ...side, ...facts, ...latency });
  return new Map(values.filter(([, value]) => value === null || typeof value !== "object"));
}

function quoted(value) {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const isAmount = /^-?\d+(\.\d+)?$/.test(value);
  const text = isAmount ? value : (FORMULA.test(value) ? "'" : "") + oneLine(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
