// What people say a picture really shows: kept in this browser, exported as CSV.
// The columns `path` and `label` are what scripts.train --data reads; the others tell people more.

const NAME = "wardrobe.corrections";
const COLUMNS = ["path", "label", "predicted", "confidence", "decision", "model", "at"];

export class Corrections {
  #rows = new Map();

  constructor() {
    this.reload();
  }

  get size() {
    return this.#rows.size;
  }

  /** Read what is kept again, since another tab may have changed it. */
  reload() {
    try {
      this.#rows = new Map(JSON.parse(localStorage.getItem(NAME) ?? "[]").map((row) => [row.path, row]));
    } catch {
      this.#rows = new Map(); // no storage here, or not ours: this page remembers by itself
    }
  }

  /** The label that somebody gave the picture, if it is the one that is being looked at. */
  labelOf(path) {
    return this.#rows.get(path)?.label ?? "";
  }

  /** Keep a label for a picture; an empty one takes it back. Answers whether it was stored. */
  set(path, label, answer) {
    const { label: predicted, confidence, decision, model } = answer;
    const at = new Date().toISOString();
    if (label) this.#rows.set(path, { path, label, predicted, confidence, decision, model: model.version, at });
    else this.#rows.delete(path);
    return this.#store();
  }

  forget() {
    this.#rows.clear();
    this.#store();
  }

  /** RFC 4180, with a header. */
  csv() {
    const rows = [...this.#rows.values()].map((row) => COLUMNS.map((column) => quoted(row[column])));
    return [COLUMNS, ...rows].map((cells) => cells.join(",") + "\r\n").join("");
  }

  #store() {
    try {
      localStorage.setItem(NAME, JSON.stringify([...this.#rows.values()]));
      return true;
    } catch {
      return false;
    }
  }
}

function quoted(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
