// Pictures on their way: a few at a time, held while the service asks for it, stopped and gone on with.
// Decides who is sent when; sending.js sends. Touches no part of the page: `changed(item)` tells it.

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
  #stopper = new AbortController();
  #ticking = null;
  #changed;
  #headers;

  /**
   * @param {{changed: function(Object), headers: function(): Object}} page what hears of each change, and what
   *     gives the headers of the next request
   */
  constructor({ changed, headers }) {
    this.#changed = changed;
    this.#headers = headers;
    addEventListener("online", () => this.#release("offline"));
  }

  /** Take a picture in: {path, file}. Its `state`, `sent`, `seconds`, `answer` and `trouble` are kept here. */
  add(item) {
    this.#items.push(item);
    this.retry(item);
  }

  retry(item) {
    item.tries = 0;
    this.#to(item, "waiting");
    this.#pump();
  }

  /** Let everything that waits for a key go, now that there may be one. */
  unlock() {
    this.#release("locked");
  }

  /** Let go of what is on its way, and send nothing more of what is here. */
  stop() {
    this.#stopper.abort(new Trouble({ title: "Stopped", detail: "" }));
    this.#stopper = new AbortController();
    for (const item of this.#items) {
      if (IN_FLIGHT.has(item.state) || OPEN.has(item.state) || item.state === "locked") this.#to(item, "stopped");
    }
  }

  resume() {
    this.#release("stopped");
  }

  clear() {
    this.stop();
    this.#items = [];
  }

  #release(state) {
    for (const item of this.#items) if (item.state === state) this.#to(item, "waiting");
    this.#pump();
  }

  #pump() {
    let flying = this.#items.filter((item) => IN_FLIGHT.has(item.state)).length;
    // While one is held, or the key is asked for, so is the rest: they would be told the same.
    if (this.#items.some((item) => item.state === "held" || item.state === "locked")) return;
    for (const item of this.#items) {
      if (flying >= this.#width) return;
      if (item.state !== "waiting") continue;
      this.#send(item);
      flying += 1;
    }
  }

  async #send(item) {
    const { signal } = this.#stopper;
    item.sent = 0;
    item.tries += 1;
    this.#to(item, "sending");
    const onSent = (share) => {
      item.sent = share;
      if (!signal.aborted) this.#to(item, share < 1 ? "sending" : "thinking");
    };
    try {
      item.answer = await classify(item.file, { headers: this.#headers(), signal, onSent });
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
    // A proxy may put a Retry-After on other answers too; only with these two does it mean the same picture.
    else if (LATER.has(trouble.status) && trouble.wait !== null && item.tries < TRIES) this.#hold(item, trouble.wait);
    else if (trouble.status === 0 && !navigator.onLine) this.#to(item, "offline");
    else this.#to(item, "failed");
  }

  #hold(item, seconds) {
    this.#width = Math.max(1, this.#width >> 1); // fewer at a time, until it goes well again
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
