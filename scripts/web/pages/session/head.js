// What stands above a session: what it is called, how it is, and links to it.

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { timeAgo } from "../shared/text/ago.js";
import { beginning, cutInMiddle, oneLine } from "../shared/text/log_text.js";
import { nameOf, statusName, titleOf } from "../shared/text/session_names.js";
import { t } from "../shared/text/texts.js";
import { copy } from "../shared/ui/copying.js";
import { swatchOf } from "../shared/ui/colours.js";
import { marksOf, notesOf } from "../shared/ui/noted.js";

const MOST_MODELS = 3;
const TITLE_LENGTH = 220;
const WINDOW_TITLE_LENGTH = 60;

/** Shows what the server's answer says about the session. */
export function showHead(box, { session, link, models }, isRedacted) {
  const id = session.session_id;
  const wereOpen = box.querySelector(".noted-list")?.open;
  const title = titleOf(session, isRedacted);
  document.title = `${windowTitle(nameOf(session) || session.title || id)} · ${t("brand")}`;
  const copyId = button({ class: "quiet square", "aria-label": t("head.copyId"), title: t("head.copyId") }, () => copy(id, copyId), icon("copy"));
  const share = button({ class: "quiet", title: t("head.shareHint") }, () => copy(location.origin + link, share), icon("link"), t("head.share"));
  fill(
    box,
    el("div", { class: "title" }, el("h1", { dir: "auto", class: session.title || nameOf(session) ? null : "untitled", title }, beginning(title, TITLE_LENGTH))),
    el(
      "p",
      { class: "of-session" },
      el("span", { class: `status ${session.status}` }, el("span", {}, statusName(session.status))),
      el("span", {}, timeAgo(session.updated_at)),
      marksOf(session.noted),
      modelsOf(models),
      el("span", { class: "id", dir: "auto" }, oneLine(id)),
      copyId,
      share,
    ),
    notesOf(session.noted, wereOpen),
  );
}

/** The models, the dearest first, each with its colour; of many the first ones. */
function modelsOf(rows) {
  const named = rows.map(({ model }) => model).filter((model) => model !== null);
  if (!named.length) return null;
  const more = named.length > MOST_MODELS ? el("small", { title: named.slice(MOST_MODELS).map(oneLine).join(", ") }, `+${named.length - MOST_MODELS}`) : null;
  return el("span", { class: "models" }, named.slice(0, MOST_MODELS).map((model) => el("span", { title: oneLine(model) }, swatchOf(model), el("bdi", {}, cutInMiddle(model, 28)))), more);
}

/** As much of a title as a tab of the browser needs. */
export function windowTitle(title) {
  return beginning(title, WINDOW_TITLE_LENGTH);
}
