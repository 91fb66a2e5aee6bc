// What does a logged message say? One shape for all providers' ways to write it.

/** Kinds of what was said. */
const TEXT = "text";
export const CALL = "call";
export const RESULT = "result";
const OTHER = "other";

/** A message as `{role, name, parts}`; a part has a kind, its text, where it stands, and for calls a name. */
export function readMessage(message, path) {
  if (!isObject(message)) return { role: "?", name: "", parts: [part(OTHER, inJson(message), path)] };
  const { role, name, content } = message;
  const kind = role === "tool" || role === "function" ? RESULT : TEXT;
  const parts = [];
  if (typeof content === "string") {
    if (content) parts.push(part(kind, content, [...path, "content"], idOf(message)));
  } else if (Array.isArray(content)) {
    content.forEach((each, at) => parts.push(...contentPart(each, [...path, "content", at], kind, idOf(message))));
  } else if (content !== null && content !== undefined) {
    parts.push(part(OTHER, inJson(content), [...path, "content"]));
  }
  if (Array.isArray(message.tool_calls)) {
    message.tool_calls.forEach((each, at) => parts.push(callPart(each, [...path, "tool_calls", at])));
  }
  return { role: typeof role === "string" ? role : "?", name: typeof name === "string" ? name : "", parts };
}

function contentPart(each, path, kind, id) {
  if (typeof each === "string") return [part(kind, each, path, id)];
  if (!isObject(each)) return [part(OTHER, inJson(each), path)];
  if (each.type === "tool_use") {
    return [{ ...part(CALL, inJson(each.input), [...path, "input"], each.id), name: nameOrUnknown(each.name), isJson: true }];
  }
  if (each.type === "tool_result") {
    const { content } = each;
    const more = { isError: each.is_error === true };
    if (typeof content === "string") return [{ ...part(RESULT, content, [...path, "content"], each.tool_use_id), ...more }];
    if (Array.isArray(content)) {
      return content.flatMap((inner, at) =>
        contentPart(inner, [...path, "content", at], RESULT, each.tool_use_id).map((within) => ({ ...within, ...more })),
      );
    }
    return [{ ...part(RESULT, inJson(content), [...path, "content"], each.tool_use_id), ...more }];
  }
  if (typeof each.text === "string") return [part(kind, each.text, [...path, "text"], id)];
  if (typeof each.thinking === "string") return [part(OTHER, each.thinking, [...path, "thinking"])];
  return [part(OTHER, typeof each.type === "string" ? `[${each.type}]` : inJson(each), path)];
}

/** A tool call, as answers hold them: `{id, type, function: {name, arguments}}`. */
export function callPart(call, path) {
  const called = isObject(call?.function) ? call.function : null;
  if (!called) return { ...part(CALL, inJson(call?.call ?? call), path, idOf(call)), name: "?" };
  const text = typeof called.arguments === "string" ? called.arguments : inJson(called.arguments);
  return { ...part(CALL, text, [...path, "function", "arguments"], idOf(call)), name: nameOrUnknown(called.name), isJson: true };
}

/** The parts of what a tool said. */
export function resultParts(content, path) {
  if (typeof content === "string") return [part(RESULT, content, path)];
  if (Array.isArray(content)) return content.flatMap((each, at) => contentPart(each, [...path, at], RESULT));
  return content === null || content === undefined ? [] : [part(RESULT, inJson(content), path)];
}

const TELLING = ["command", "cmd", "path", "file_path", "filename", "query", "url", "pattern", "location", "name", "title", "text"];

/** What tells most of a call's arguments, on the way to one line; empty where they are no object. */
export function tellingArgument(text) {
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isObject(values)) return text === "null" ? "" : text;
  const names = Object.keys(values);
  const name = TELLING.find((each) => typeof values[each] === "string") ?? names.find((each) => typeof values[each] !== "object") ?? names[0];
  if (name === undefined) return "";
  return typeof values[name] === "string" ? values[name] : inJson(values[name]);
}

/** JSON with its lines indented, or the text as it is where it is none. */
export function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function part(kind, text, path, id) {
  return { kind, text, path, id: typeof id === "string" ? id : null };
}

function idOf(message) {
  return message?.tool_call_id ?? message?.id;
}

function nameOrUnknown(name) {
  return typeof name === "string" && name ? name : "?";
}

function inJson(value) {
  return value === undefined ? "" : (JSON.stringify(value) ?? "");
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
