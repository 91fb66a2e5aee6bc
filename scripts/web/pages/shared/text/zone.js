// In which time zone do days and hours stand? In this browser's, unless another one was chosen.

const KEY = "zone";

/** This browser's own zone, by its name. */
export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The zone of this page. */
export const timeZone = chosenZone() ?? browserZone;

const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const format = new Intl.DateTimeFormat("en", { ...fields, calendar: "iso8601", timeZone });

/** The zone with this name as it is spelled; null where this browser knows none. */
export function zoneNamed(name) {
  try {
    return name ? Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone : null;
  } catch {
    return null;
  }
}

/** Chooses a zone for good, null for this browser's own; the page is loaded anew, since all of it depends on that. */
export function chooseZone(name) {
  try {
    if (name === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, name);
  } catch {
    return;
  }
  location.reload();
}

/** The zone that was chosen; null for this browser's own. */
export function chosenZone() {
  try {
    return zoneNamed(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

/** The day of a moment there, as it stands in an address. */
export function dayOf(moment) {
  const { year, month, day } = partsOf(moment);
  return `${year.padStart(4, "0")}-${month}-${day}`;
}

/** The hour of a moment there. */
export function hourOf(moment) {
  return Number(partsOf(moment).hour);
}

/** When the hour of a moment began there: zones may be some minutes apart. */
export function hourStart(moment) {
  const { minute, second } = partsOf(moment);
  return moment - (moment % 1000) - (Number(minute) * 60 + Number(second)) * 1000;
}

function partsOf(moment) {
  return Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
}
