// How is the server asked?

import { pointerReleased } from "./pressing.js";

/** The server's own word that it cannot answer, or (status 0) that nobody answered. */
class ApiError extends Error {
  constructor(status, code, message, { progress = null, wait = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    /** Of what takes long: how much of it is done, as far as that is known, and in how many milliseconds to ask again. */
    this.progress = progress;
    this.wait = wait;
  }
}

const MOST_CACHED = 12;
const cachedAnswers = new Map();
const askedEarly = new Map();

/** Asks what will be asked soon, before there is anything to show it with; whoever asks then gets this answer, once. */
export function askEarly(path, parameters = {}) {
  const address = apiAddress(path, parameters);
  const asked = answerOf(address);
  asked.catch(() => null); // told where it is waited for
  askedEarly.set(address, asked);
}

/**
 * The whole answer of an address under /api/: `data`, and `coverage` where there is one. It is held back while the reader
 * presses something, for it may have that shown anew; where the question was taken back meanwhile, that is all there is.
 */
export async function ask(path, parameters = {}, signal = undefined) {
  const address = apiAddress(path, parameters);
  const early = askedEarly.get(address);
  askedEarly.delete(address);
  try {
    return await (early ?? answerOf(address, signal));
  } finally {
    await pointerReleased();
    signal?.throwIfAborted();
  }
}

async function answerOf(address, signal = undefined) {
  const before = cachedAnswers.get(address);
  let response;
  try {
    response = await fetch(address, {
      signal,
      cache: "no-store",
      headers: before ? { Accept: "application/json", "If-None-Match": before.etag } : { Accept: "application/json" },
    });
  } catch (error) {
    throw new ApiError(0, "unreachable", error.message);
  }
  if (response.status === 304 && before) return before.answer;
  const answer = await decoded(response);
  if (!response.ok || answer === null || answer.error) {
    const { code = "failed", message = "", progress = null } = answer?.error ?? {};
    const seconds = Number(response.headers.get("Retry-After"));
    throw new ApiError(response.status, code, message, { progress, wait: seconds > 0 ? seconds * 1000 : null });
  }
  cacheAnswer(address, response.headers.get("ETag"), answer);
  return answer;
}

/** The address of a question, for links and streams too; it counts from that of the page, whatever a proxy puts before. */
export function apiAddress(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) value.forEach((each) => query.append(name, each));
    else if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `api/${path}${text ? `?${text}` : ""}`;
}

async function decoded(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function cacheAnswer(address, etag, answer) {
  cachedAnswers.delete(address);
  if (!etag) return;
  cachedAnswers.set(address, { etag, answer });
  if (cachedAnswers.size > MOST_CACHED) cachedAnswers.delete(cachedAnswers.keys().next().value);
}
