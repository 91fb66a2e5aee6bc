// How does the reader choose of which time, kind and severity findings are shown, and of whose calls?

import { button, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { go } from "../shared/net/address.js";
import { severityName } from "../shared/text/alert_words.js";
import { GROUPS_OF_KINDS, SEVERITIES, groupName, kindName } from "../shared/findings/words.js";
import { t } from "../shared/text/texts.js";
import { choiceBox, filterBox, ranges } from "../shared/ui/bar.js";
import { NO_FILTERS, isFiltered } from "./view.js";

/** The bar, in line with what the address says; `known` is what there is to choose from. */
export function showBar(box, wanted, known) {
  const first = { offset: null };
  const kinds = [["", t("filter.allKinds")], ...GROUPS_OF_KINDS.map((group) => [group, groupName(group)])];
  const severities = [["", t("filter.allSeverities")], ...SEVERITIES.map((severity) => [severity, severityName(severity)])];
  const words = t("filters.clear");
  fill(
    box,
    ranges(wanted, first),
    choiceBox("group", t("filter.group"), kinds, wanted.group, { ...first, kind: null }),
    choiceBox("severity", t("filter.severity"), severities, wanted.severity, first),
    filterBox("model", t("filter.model"), t("filter.allModels"), wanted, known.models, first),
    filterBox("consumer", t("filter.consumer"), t("filter.allConsumers"), wanted, known.consumers, first),
    // Whoever comes from the overview with one may leave it out.
    wanted.gateway ? filterBox("gateway", t("filter.gateway"), t("filter.allGateways"), wanted, [], first) : null,
    wanted.kind ? button({ class: "quiet", id: "one-kind", title: t("insights.allOfKinds") }, () => go({ kind: null, offset: null }), kindName(wanted.kind), icon("close")) : null,
    isFiltered(wanted) ? button({ class: "quiet square", id: "clear", title: words, "aria-label": words }, () => go(NO_FILTERS), icon("close")) : null,
  );
}
