// Requests to the service. A picture goes by XMLHttpRequest, since fetch does not report how much has been sent.
// Knows the HTTP contract, not the page.

import { meaning } from "./problems.js";
import { t } from "./translate.js";

const SILENCE_MS = 60_000; // as long as the service itself waits for a client, at its defaults

/** An error in place of an answer, in words for people. */
export class Trouble extends Error {
  constructor({ title, detail, status = 0, requestId = null, wait = null }) {
    super(detail);
    Object.assign(this, { title, detail, status, requestId, wait });
  }

  /** Whether the same picture may do better later. */
  get mayPass() {
    return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Classify one file.
 *
 * @param {File} file the picture, of any kind
 * @param {{query: string, headers: Object, title: string, signal: AbortSignal, onSent: function(number)}} how title is
 *     what a shop calls the garment, empty for none; onSent hears the share sent, 0 to 1
 * @returns {Promise<Object>} the answer of POST /predict
 * @throws {Trouble} anything else came; the AbortSignal's reason if it was aborted
 */
export function classify(file, { query, headers, title = "", signal = new AbortController().signal, onSent = () => {} }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const patience = watchdog(() => {
      reject(new Trouble({ title: t("No answer in time"), detail: t("Nothing came for {seconds} seconds.", { seconds: SILENCE_MS / 1000 }) }));
      request.abort();
    });
    request.open("POST", `predict?${query}`);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      patience.renew();
      onSent(total ? loaded / total : 0);
    };
    request.upload.onload = () => onSent(1);
    request.onload = () => settle(request, resolve, reject);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal.reason);
    const abort = () => request.abort();
    signal.addEventListener("abort", abort);
    request.onloadend = () => {
      patience.end();
      signal.removeEventListener("abort", abort); // the signal outlives thousands of requests
    };
    const form = new FormData();
    form.append("image", file);
    if (title) form.append("title", title);
    request.send(form);
  });
}

/** Fetch something else of the service, such as `model`. Throws as `classify`. */
export async function fetched(path, headers) {
  const response = await fetch(path, { headers }).catch(() => {
    throw unreachable();
  });
  if (response.ok) return response;
  throw troubleOf(response.status, response.statusText, await response.text(), response.headers.get("Retry-After"));
}

function settle(request, resolve, reject) {
  const answer = parsed(request.responseText);
  if (request.status === 200 && answer?.probabilities) resolve(answer);
  else reject(troubleOf(request.status, request.statusText, request.responseText, request.getResponseHeader("Retry-After")));
}

/** RFC 9457's problem document in our words, or what can be said without one. */
function troubleOf(status, phrase, text, retryAfter) {
  const problem = parsed(text);
  const ours = typeof problem?.detail === "string";
  const [title, detail] = ours ? meaning(problem) : [];
  return new Trouble({
    title: title ?? t("An answer that is not understood"),
    detail: detail
      ?? t("Status {status} came without the service's own words. It was cut short, or a proxy in between has answered.", {
        status: `${status} ${phrase}`.trim(),
      }),
    requestId: ours ? problem.request_id : null,
    status,
    wait: secondsOf(retryAfter),
  });
}

function unreachable() {
  return new Trouble({
    title: t("The service cannot be reached"),
    detail: t("It may be restarting, or the connection may be gone. Try again in a moment."),
  });
}

/** Retry-After in seconds, of either form (RFC 9110, section 10.2.3); null where there is none. */
function secondsOf(text) {
  if (!text) return null;
  const seconds = /^\d+$/.test(text.trim()) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function watchdog(bark) {
  let timer = setTimeout(bark, SILENCE_MS);
  return {
    renew() {
      clearTimeout(timer);
      timer = setTimeout(bark, SILENCE_MS);
    },
    end: () => clearTimeout(timer),
  };
}
