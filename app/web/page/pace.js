// How long many pictures will take, by the pace of the latest ones. The caller says what time it is.

const LATEST = 40; // answers that are looked at
const FEWEST = 10; // answers before anything is said, and pictures to come for which it is worth saying
const PAUSE_MS = 30_000; // without an answer: stopped, offline or held, which says nothing about the pace

export class Pace {
  #times = [];

  /** Count an answer that came at a time, in milliseconds. */
  count(now) {
    if (now - this.#times.at(-1) > PAUSE_MS) this.#times = [];
    this.#times = [...this.#times.slice(1 - LATEST), now];
  }

  /** The seconds that pictures to come will take; null if they are few, or nothing is known yet. */
  secondsFor(open) {
    if (open < FEWEST || this.#times.length < FEWEST) return null;
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    return ((last - first) / (this.#times.length - 1) / 1000) * open;
  }
}
