// How much of the log do the figures speak for?

import { el, fill } from "../shared/dom.js";
import { count } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";

/** Says it at the foot of the page; `coverage` is null where that is not known. */
export function showCoverage(box, coverage) {
  if (!coverage) {
    fill(box, t("coverage.unknown"));
    return;
  }
  const passed = Object.values(coverage.passed_over ?? {}).reduce((sum, lines) => sum + lines, 0);
  const skipped = coverage.passed_over?.skipped_calls;
  const parts = [
    t("coverage.lines", { count: coverage.lines, lines: count(coverage.lines) }),
    t("calls", { count: coverage.calls, calls: count(coverage.calls) }),
    passed ? t("coverage.passed", { count: passed, lines: count(passed) }) : t("coverage.nonePassed"),
    skipped ? t("coverage.skipped", { count: skipped, calls: count(skipped) }) : null,
    coverage.content_cut ? t("coverage.cut", { count: coverage.content_cut, calls: count(coverage.content_cut) }) : null,
    coverage.content_left_out
      ? t("coverage.leftOut", { count: coverage.content_left_out, calls: count(coverage.content_left_out) })
      : null,
    coverage.lost_bytes ? t("coverage.lost", { bytes: count(coverage.lost_bytes) }) : null,
    coverage.lost_calls ? t("coverage.lostCalls", { count: coverage.lost_calls, calls: count(coverage.lost_calls) }) : null,
  ];
  fill(box, el("b", {}, t("coverage.title")), " ", parts.filter(Boolean).join(" · "));
}
