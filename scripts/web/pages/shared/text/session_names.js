// How is a session called: by its title, and by its status?

import { oneLine } from "./log_text.js";
import { t } from "./texts.js";

const STATUS_TEXTS = { active: "status.active", idle: "status.idle", error: "status.error", stale: "status.stale", ended: "status.ended" };

/** What one can ask for. */
export const STATUSES = Object.keys(STATUS_TEXTS);

/** A status in words. */
export function statusName(status) {
  return t(STATUS_TEXTS[status]);
}

/** What people call the session; null where it has no name of theirs. */
export function nameOf(session) {
  return session.noted?.name ?? session.name ?? null;
}

/** The name or the title of a session, or words that say why there is none. */
export function titleOf(session, isRedacted) {
  const name = nameOf(session);
  if (name) return oneLine(name);
  if (session.title) return oneLine(session.title);
  return t(isRedacted ? "redacted.title" : "sessions.noTitle");
}
