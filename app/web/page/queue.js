// The queue of pictures: a few requests at a time, held for as long as the service asks, stopped and resumed.
// sending.js sends. Does not touch the page; it calls `changed(item)`.

import { Trouble, classify } from "./sending.js";

const WIDEST = 4; // requests at a time; browsers open six connections to one host
const TRIES = 8; // of one picture that the service is too busy for
const TICK_MS = 1000;
const LATER = new Set([429, 503]);
const IN_FLIGHT = new Set(["sending", "thinking"]);
const OPEN = new Set(["waiting", "held", "offline"]);

export class Queue {
  #items = [];
  #width = WIDEST;
  #ticking = null;
  #changed;
  #headers;

  /**
   * @param {{changed: function(Object), headers: function(): Object}} page called with each item that changed, and
   *     for the headers of the next request
   */
  constructor({ changed, headers }) {
    this.#changed = changed;
    this.#headers = headers;
    addEventListener("online", () => this.#release("offline"));
  }

  /** Add a picture, {path, file}. The queue sets its `state`, `sent`, `seconds`, `answer` and `trouble`. */
  add(item) {
    this.#items.push(item);
    this.retry(item);
  }

  retry(item) {
    item.tries = 0;
    this.#to(item, "waiting");
    this.#pump();
  }

  /** Send what waits for a key. */
  unlock() {
    this.#release("locked");
  }

  /** Abort the requests under way, and send no more until `resume`. */
  stop() {
    for (const item of this.#items) {
      abort(item);
      if (IN_FLIGHT.has(item.state) || OPEN.has(item.state) || item.state === "locked") this.#to(item, "stopped");
    }
  }

  resume() {
    this.#release("stopped");
  }

  /** Forget a picture, and abort its request. */
  remove(item) {
    abort(item);
    this.#items = this.#items.filter((other) => other !== item);
    this.#pump();
  }

  #release(state) {
    for (const item of this.#items) if (item.state === state) this.#to(item, "waiting");
    this.#pump();
  }

  #pump() {
    let flying = this.#items.filter((item) => IN_FLIGHT.has(item.state)).length;
    // While one is held or needs a key, the rest waits: they would get the same answer.
    if (this.#items.some((item) => item.state === "held" || item.state === "locked")) return;
    for (const item of this.#items) {
      if (flying >= this.#width) return;
      if (item.state !== "waiting") continue;
      this.#send(item);
      flying += 1;
    }
  }

  async #send(item) {
    item.stopper = new AbortController();
    const { signal } = item.stopper;
    item.sent = 0;
    item.tries += 1;
    this.#to(item, "sending");
    const onSent = (share) => {
      item.sent = share;
      if (!signal.aborted) this.#to(item, share < 1 ? "sending" : "thinking");
    };
    try {
      item.answer = await classify(item.file, { query: "seen=1", headers: this.#headers(), signal, onSent });
      item.trouble = null;
      this.#width = Math.min(WIDEST, this.#width + 1);
      this.#to(item, "done");
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      if (!signal.aborted) this.#fail(item, trouble);
    }
    this.#pump();
  }

  #fail(item, trouble) {
    item.trouble = trouble;
    if (trouble.status === 401) this.#to(item, "locked");
    // A proxy may add Retry-After to other statuses; only with these two does a retry help.
    else if (LATER.has(trouble.status) && trouble.wait !== null && item.tries < TRIES) this.#hold(item, trouble.wait);
    else if (trouble.status === 0 && !navigator.onLine) this.#to(item, "offline");
    else this.#to(item, "failed");
  }

  #hold(item, seconds) {
    this.#width = Math.max(1, this.#width >> 1); // fewer at a time until requests succeed
    item.until = Date.now() + seconds * 1000;
    item.seconds = seconds;
    this.#to(item, "held");
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
  }

  #tick() {
    const held = this.#items.filter((item) => item.state === "held");
    for (const item of held) {
      item.seconds = Math.ceil((item.until - Date.now()) / 1000);
      this.#to(item, item.seconds > 0 ? "held" : "waiting");
    }
    if (!held.some((item) => item.state === "held")) {
      clearInterval(this.#ticking);
      this.#ticking = null;
    }
    this.#pump();
  }

  #to(item, state) {
    item.state = state;
    this.#changed(item);
  }
}

function abort({ stopper }) {
  stopper?.abort(new Trouble({ title: "Stopped", detail: "" }));
}
