// How is a session called: by its title, and by its status?

import { oneLine } from "./log_text.js";
import { t } from "./texts.js";

const STATUS_TEXTS = { active: "status.active", idle: "status.idle", error: "status.error" };

/** What a session can be. */
export const STATUSES = Object.keys(STATUS_TEXTS);

/** A status in words. */
export function statusName(status) {
  return t(STATUS_TEXTS[status]);
}

/** The title of a session, or words that say why there is none. */
export function titleOf(session, isRedacted) {
  if (session.title) return oneLine(session.title);
  return t(isRedacted ? "redacted.title" : "sessions.noTitle");
}
