// In which rounds of all sessions was it said?

import { sessionAddress } from "../shared/address.js";
import { timeAgo } from "../shared/ago.js";
import { el, fill } from "../shared/dom.js";
import { excerptOf } from "../shared/excerpt.js";
import { count } from "../shared/format.js";
import { cutInMiddle } from "../shared/log_text.js";
import { t } from "../shared/texts.js";

/** Shows where words were found, the latest first; each is a link to its round. */
export function showHits(box, { hits, more }) {
  fill(
    box,
    el("header", {}, el("h2", {}, t("hits.title"), more ? el("small", {}, t("hits.latest")) : null)),
    hits.length ? el("ul", { class: "hits" }, hits.map(hit)) : el("p", { class: "none" }, t("hits.none")),
  );
}

function hit({ session_id: id, round, timestamp, excerpt, matches }) {
  return el(
    "li",
    {},
    el("span", { class: "row" }, el("a", { href: sessionAddress(id, round) }, t("round.title", { round: count(round) })), el("bdi", { class: "id" }, cutInMiddle(id, 44)), el("small", {}, timeAgo(timestamp))),
    excerptOf(excerpt, matches),
  );
}
