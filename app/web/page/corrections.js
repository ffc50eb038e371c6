// Labels that a person gave: kept in this browser, exported as CSV.
// wardrobe train --data reads the columns `path` and `label`; the others are for people.

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

  /** Read the stored labels again: another tab may have changed them. */
  reload() {
    try {
      this.#rows = new Map(JSON.parse(localStorage.getItem(NAME) ?? "[]").map((row) => [row.path, row]));
    } catch {
      this.#rows = new Map(); // storage is off or unreadable: labels last as long as the page
    }
  }

  /** The label of a picture; empty without one. */
  labelOf(path) {
    return this.#rows.get(path)?.label ?? "";
  }

  /** Store a label for a picture; an empty one removes it. Returns whether it was stored. */
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
