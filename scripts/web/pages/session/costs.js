// What had to be assumed for the cost of a round, and what would it be if it were the other way round?

import { money } from "../shared/format.js";
import { t } from "../shared/texts.js";

const NOTE_TEXTS = {
  cache_read_as_input: "costNote.cacheReadAsInput",
  cache_read_by_vendor: "costNote.cacheReadByVendor",
  cache_write_as_input: "costNote.cacheWriteAsInput",
  cache_write_by_vendor: "costNote.cacheWriteByVendor",
  cache_write_5m: "costNote.cacheWrite5m",
  cache_write_1h_as_5m: "costNote.cacheWrite1hAs5m",
  cache_write_mixed: "costNote.cacheWriteMixed",
  audio_as_text: "costNote.audioAsText",
  image_as_text: "costNote.imageAsText",
  cached_media: "costNote.cachedMedia",
  third_party_price: "costNote.thirdParty",
  undated: "costNote.undated",
  no_time: "costNote.noTime",
  seller_unknown: "costNote.sellerUnknown",
  converted: "costNote.converted",
  price_may_have_changed: "costNote.mayHaveChanged",
  cache_inside: "costNote.cacheInside",
  cache_in_one: "costNote.cacheInOne",
  discounted: "costNote.discounted",
  as_stated: "costNote.asStated",
};
const OTHER_TEXTS = { cache_write_5m: "otherReading.hour", cache_inside: "otherReading.beside", cache_in_one: "otherReading.written" };

/** Each note on the cost of a round in words; the last one with both sums, where the log leaves open which it is. */
export function costNotes(round) {
  const notes = round.cost_notes ?? [];
  const lines = notes.map((note) => (NOTE_TEXTS[note] ? t(NOTE_TEXTS[note]) : note));
  if (round.other_reading_usd) {
    const when = notes.filter((note) => OTHER_TEXTS[note]).map((note) => t(OTHER_TEXTS[note]));
    lines.push(t("otherReading.sums", { cost: money(round.cost_usd), other: money(round.other_reading_usd), when: when.join(t("otherReading.and")) }));
  }
  return lines;
}
