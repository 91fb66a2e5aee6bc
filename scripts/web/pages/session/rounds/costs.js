// What had to be assumed for a cost, and what would it be if it were the other way round?

import { costNote, money } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";

const OTHER_TEXTS = { cache_write_5m: "otherReading.hour", cache_inside: "otherReading.beside", cache_in_one: "otherReading.written" };

/** Each note on the cost of a round in words; the last one with both sums, where the log leaves open which it is. */
export function costNotes(round) {
  const notes = round.cost_notes ?? [];
  const other = round.other_reading_usd ? [bothSums(notes, round.cost_usd, round.other_reading_usd)] : [];
  return [...notes.map(costNote), ...other];
}

/** For each note on some of a session's rounds that leaves open what they cost, both sums. */
export function otherReadings(session) {
  return Object.entries(session.cost_notes ?? {})
    .filter(([, noted]) => noted.other_reading_usd)
    .map(([note, noted]) => bothSums([note], noted.cost_usd, noted.other_reading_usd));
}

function bothSums(notes, usd, other) {
  const when = notes.filter((note) => OTHER_TEXTS[note]).map((note) => t(OTHER_TEXTS[note]));
  return t("otherReading.sums", { cost: money(usd), other: money(other), when: when.join(t("otherReading.and")) });
}
