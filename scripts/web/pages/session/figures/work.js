// What came of the work that the session was begun for? Its files, each with what became of it line by line, and its commits.

import { button, el, fill } from "../../shared/dom.js";
import { ask } from "../../shared/net/api.js";
import { count, duration, machineTime, time } from "../../shared/text/format.js";
import { cutInMiddle, logText, oneLine } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";

const STATES = { under_way: "work.underWay", ended: "work.ended", stale: "work.givenUp" };
const CHANGES = { created: "work.created", modified: "work.modified", deleted: "work.deleted" };
const SIGNS = { created: "+", modified: "~", deleted: "−" };
const LONGEST_PATH = 44;

/** The panel of a piece of work; it asks for files and commits once it is opened. */
export class WorkPanel {
  #id;
  #box;
  #details = null;
  #shown = "";

  constructor(box, id) {
    this.#box = box;
    this.#id = id;
  }

  /** Shows how the work stands, by the server's answer about the session; nothing where the session is no work's. */
  show(work) {
    this.#box.hidden = !work;
    if (!work || this.#shown === work.state) return;
    this.#shown = work.state;
    const done = el("div", {});
    this.#details = el("details", { on: { toggle: () => this.#details.open && this.#load(done) } }, el("summary", {}, t("work.more")), done);
    const length = duration(work.duration_seconds * 1000);
    const branch = work.branch && el("small", {}, ` ${t("work.onBranch", { branch: oneLine(work.branch) })}`);
    fill(this.#box, el("h2", {}, t("work.title")), el("p", {}, el("b", { dir: "auto" }, oneLine(work.name))), el("p", { class: "foot" }, t(STATES[work.state], { length }), branch), this.#details);
  }

  async #load(box) {
    try {
      const { data } = await ask("work", { id: this.#id });
      fill(box, data.work ? this.#done(data.work) : t("work.gone"));
    } catch (error) {
      fill(box, error.message);
    }
  }

  #done(work) {
    const { files, commits } = work;
    return [
      work.git_problem && el("p", { class: "foot" }, oneLine(work.git_problem)),
      work.files_count === null ? el("p", { class: "foot" }, t("work.unknown")) : el("h3", {}, t("work.files", { count: work.files_count, files: count(work.files_count) })),
      files.length > 0 && el("ul", { class: "work-list" }, files.map((file) => el("li", {}, this.#file(file)))),
      work.commits_count !== null && el("h3", {}, t("work.commits", { count: work.commits_count, commits: count(work.commits_count) })),
      commits.length > 0 && el("ul", { class: "work-list" }, commits.map(commitRow)),
    ];
  }

  /** A file, which shows what became of it where it is pressed. */
  #file({ path, change, before }) {
    const box = el("pre", { class: "diff", hidden: true, tabindex: "0" });
    const shown = before ? t("work.renamed", { path, before }) : path;
    const press = async () => {
      box.hidden = !box.hidden;
      row.setAttribute("aria-expanded", String(!box.hidden));
      if (!box.hidden && !box.childNodes.length) fill(box, await this.#diff(path));
    };
    const row = button({ class: "link", "aria-expanded": "false", title: oneLine(shown) }, press, el("span", { class: `sign ${change}`, "aria-label": t(CHANGES[change]) }, SIGNS[change]), " ", el("bdi", {}, cutInMiddle(oneLine(path), LONGEST_PATH)));
    return [row, box];
  }

  async #diff(path) {
    try {
      const { data } = await ask("work/diff", { id: this.#id, file: path });
      if (data.text === null) return oneLine(data.problem ?? "");
      const lines = data.text.split("\n").map((line) => el("span", { class: lineClass(line) }, logText(line), "\n"));
      return [lines, data.is_cut && el("em", {}, t("work.cut"))];
    } catch (error) {
      return error.message;
    }
  }
}

function lineClass(line) {
  if (/^(\+\+\+|---) /.test(line)) return null;
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "gone" : null;
}

function commitRow(commit) {
  return el("li", {}, el("code", {}, commit.hash.slice(0, 10)), " ", el("bdi", {}, oneLine(commit.subject)), " ", el("small", {}, el("time", { datetime: machineTime(commit.at) }, time(commit.at))));
}
