// How does the reader choose what is compared, and of which time?

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { go } from "../shared/net/address.js";
import { t } from "../shared/text/texts.js";
import { calendar, filterBox, ranges, segments } from "../shared/ui/bar.js";
import { copy } from "../shared/ui/copying.js";
import { KINDS, PAIRS, choose, inPair } from "./view.js";

const KIND_TEXTS = { model: "compare.models", consumer: "compare.consumers", period: "compare.periods", session: "compare.sessions" };
const PAIR_TEXTS = { week: "compare.pair.week", month: "compare.pair.month", day: "compare.pair.day", "7d": "compare.pair.7d", "30d": "compare.pair.30d" };
/** What belongs to one kind alone. */
const NO_SIDES = { name: null, id: null, period: null };

/** The bar, in line with what the address says; `known` is what there is to choose from, what else can be done with the sides. */
export function showBar(box, wanted, known, { onSwap = null, save = null } = {}) {
  const link = button({ class: "quiet", id: "copy" }, () => copy(location.href, box.querySelector("#copy")), icon("link"), t("compare.copy"));
  fill(
    box,
    segments("kinds", t("compare.kind"), KINDS, KIND_TEXTS, wanted.of, (of) => go({ ...NO_SIDES, of: of === KINDS[0] ? null : of })),
    wanted.of === "period" ? pairs(wanted) : wanted.of === "session" ? null : ranges(wanted),
    wanted.of === "session" || wanted.of === "model" ? null : filterBox("model", t("filter.model"), t("filter.allModels"), wanted, known.models),
    wanted.of === "session" || wanted.of === "consumer" ? null : filterBox("consumer", t("filter.consumer"), t("filter.allConsumers"), wanted, known.consumers),
    el("span", { class: "with-sides" }, onSwap ? button({ class: "quiet", id: "swap" }, onSwap, icon("swap"), t("compare.swap")) : null, save, link),
  );
}

function pairs(wanted) {
  const custom = () => choose([], (periods) => periods);
  return [segments("pairs", t("compare.periods"), PAIRS, PAIR_TEXTS, wanted.pair, (pair) => go(inPair(pair))), calendar(wanted.pair === "custom", custom)];
}
