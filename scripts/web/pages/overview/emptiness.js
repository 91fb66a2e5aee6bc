// What does the overview say where there are no sessions to show, and what brings some?

import { button, byId, el, fill } from "../shared/dom.js";
import { go, sessionAddress } from "../shared/net/address.js";
import { cutInMiddle } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { commands, failure, notice, showInstead } from "../shared/ui/notices.js";
import { NO_FILTERS, inRange, isFiltered } from "./view.js";

const RETRY_AFTER = 2000;

/** In the place of the page: why the server did not answer; what will pass is tried again. */
export function showFailure(error, again) {
  if (error.code === "no_data") {
    showNothingYet();
    setTimeout(again, error.wait ?? RETRY_AFTER);
  } else if (error.code === "one_session_only") {
    showOneSessionOnly(null);
  } else {
    showInstead(failure(error, again));
  }
}

/** In the place of the page: that this reader's key opens one session, with the way there where it is known. */
export function showOneSessionOnly(id) {
  byId("filters").hidden = true;
  showInstead(
    notice(
      "locked",
      t("locked.oneTitle"),
      el("p", {}, t("locked.one")),
      id ? el("p", {}, el("a", { class: "primary", href: sessionAddress(id) }, t("locked.open", { id: cutInMiddle(id, 40) }))) : null,
    ),
  );
}

/** In the place of the page: how the monitor is started. */
export function showNothingYet() {
  byId("filters").hidden = true;
  showInstead(
    notice(
      "empty",
      t("empty.title"),
      el("p", {}, t("empty.run")),
      commands("python3 main.py --log-path /var/log/higress/access.log", "python3 scripts/cli.py doctor --log-path /var/log/higress/access.log"),
      el("p", {}, t("empty.sample")),
      commands("python3 main.py --once --log-path tests/data/sample/access.log"),
      el("p", { class: "foot" }, t("empty.waits")),
    ),
  );
}

/** In the place of the sessions: why none match, and what brings some back. */
export function showNoMatch(box, wanted, why) {
  const all = wanted.range === "all" ? null : button({ class: "primary" }, () => go(inRange("all")), t("empty.allTime"));
  const clear = isFiltered(wanted) ? button({ class: "primary" }, () => go(NO_FILTERS), t("filters.clear")) : null;
  fill(box, notice("empty", t("empty.noneTitle"), el("p", {}, why), el("p", { class: "row" }, clear, all)));
}
