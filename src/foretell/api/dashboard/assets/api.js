// The public API, as this page's session may use it.

/** A refusal of the server: `message` for people, `code` the API's word, `details` a sentence for each problem. */
export class Refusal extends Error {
  constructor(status, told) {
    super(told?.message ?? "The server gave no answer that can be read.");
    this.status = status;
    this.code = told?.error_id ?? "";
    this.details = String(told?.details ?? "").split("; ").filter(Boolean);
    this.requestId = told?.request_id ?? "";
  }
}

const token = document.querySelector('meta[name="csrf-token"]')?.content;

/** What every request of this page carries. */
export function headers(more = {}) {
  return token ? { "x-csrf-token": token, ...more } : more;
}

/** Asks the server; gives the answer's JSON. Throws a Refusal; a session that has ended leads to the sign-in page. */
export async function ask(method, path, body, { signal } = {}) {
  const isForm = body instanceof FormData;
  const sent = body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) };
  const kind = body === undefined || isForm ? {} : { "content-type": "application/json" };
  let answer;
  try {
    answer = await fetch(path, { method, signal, headers: headers(kind), ...sent });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, { message: "The server cannot be reached. Is it running?" });
  }
  const told = await answer.json().catch(() => null);
  if (answer.ok) return told;
  if (answer.status === 401 && token) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw new Refusal(answer.status, told?.error);
}

export const get = (path, options) => ask("GET", path, undefined, options);
export const post = (path, body = {}, options) => ask("POST", path, body, options);
export const patch = (path, body, options) => ask("PATCH", path, body, options);
export const remove = (path, options) => ask("DELETE", path, undefined, options);

/** Where this page's own server has a file that an answer names with its full address. */
export function ownAddress(url) {
  try {
    const found = new URL(url, location.href);
    return found.pathname.startsWith("/files/") ? found.pathname + found.search : url;
  } catch {
    return url;
  }
}

/** Saves what an address answers as a file of this name. Throws a Refusal. */
export async function save(path, name) {
  const answer = await fetch(path, { headers: headers() });
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json().catch(() => null))?.error);
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
