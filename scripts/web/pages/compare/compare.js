// How do models, consumers, times or sessions stand beside each other?

import { byId, fill } from "../shared/dom.js";
import { onAddressChange, sessionAddress } from "../shared/net/address.js";
import { ask, askEarly } from "../shared/net/api.js";
import { keepSpan } from "../shared/net/home.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { loadColours } from "../shared/ui/colours.js";
import { watchFiring } from "../shared/ui/firing.js";
import { announce, failure, notice, showInstead, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";
import { showBar } from "./bar.js";
import { nameOf, showChooser, sidesOf } from "./chooser.js";
import { download } from "./download.js";
import { charts, table } from "./panels.js";
import { askTrend, trendPanel } from "./trend.js";
import { choose, questionOf, view } from "./view.js";

let asking = new AbortController();
let known = { models: [], consumers: [] };
let isRedacted = false;

async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const wanted = view();
  if (wanted.of === "model" || wanted.of === "consumer") keepSpan();
  keepFocus(() => showBar(byId("bar"), wanted, known));
  try {
    const [{ data: me }, { data }] = await Promise.all([ask("me", {}, signal), ask("compare", questionOf(wanted), signal), loadColours()]);
    isRedacted = me.redacted;
    known = data.known;
    show(wanted, data.sides);
    showTrend(await askTrend(wanted, data.sides, signal));
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(byId("chooser"));
    showInstead(failure(error, refresh));
  }
}

function show(wanted, answered) {
  const sides = answered.map((side) => (side.session ? { ...side, isRedacted, href: sessionAddress(side.name) } : side));
  const there = sides.filter((side) => side.calls);
  const swap = () => choose(sidesOf(wanted, sides), (now) => [...now].reverse());
  keepFocus(() => {
    showBar(byId("bar"), wanted, known, { onSwap: sides.length === 2 ? swap : null, save: there.length ? download(answered, wanted.of) : null });
    showChooser(byId("chooser"), wanted, sides, known);
  });
  if (!there.length) {
    showInstead(notice("empty", t("compare.nothing"), t(wanted.of === "session" ? "compare.chooseSessions" : "compare.chooseOther")));
    return;
  }
  fill(byId("instead"));
  byId("content").hidden = false;
  const named = (side, at, most) => nameOf(wanted, side, at, most);
  fill(byId("content"), charts(sides), table(sides, wanted, named));
  announce(t("compare.said", { names: sides.map((side, at) => named(side, at)).join(", ") }));
}

/** Draws the days of the sides between the small charts and the table; they come a little later. */
function showTrend(trend) {
  if (trend && byId("all")) byId("all").before(trendPanel(trend));
}

/** Whoever is at one of the controls is at the same one of those that come in their place. */
function keepFocus(change) {
  const id = document.activeElement?.id;
  change();
  if (id && document.activeElement?.id !== id) (byId(id) ?? byId("add"))?.focus({ preventScroll: true });
}

askEarly("me");
askEarly("colours");
askEarly("compare", questionOf(view()));
await loadTexts();
document.title = `${t("compare.title")} · ${t("brand")}`;
showBar(byId("bar"), view(), known);
fill(byId("content"), skeleton(10));
showSettings(listenForKeys([["t", t("keys.theme"), nextTheme]]));
onAddressChange(refresh);
watchFiring();
await refresh();
