// Labels that a person gave: kept in this browser, exported as CSV.
// The class has no attribute. `wardrobe label --corrections` reads them as it reads those of a review sheet.

import { asPath, asText, quoted } from "./cells.js";

const NAME = "wardrobe.corrections";
const COLUMNS = ["path", "label", "sha256", "at", "predicted", "confidence", "decision", "model", "attribute"];

const keyOf = (path, attribute = "") => (attribute ? `${path}\n${attribute}` : path);

/** The label of a picture that shows none of the classes. */
export const NONE = "none of these";

export class Corrections {
  #rows = new Map();
  #hashed = Promise.resolve(); // once every picture has its hash

  constructor() {
    this.reload();
  }

  /** How many pictures have a label. */
  get size() {
    return new Set([...this.#rows.values()].map((row) => row.path)).size;
  }

  /** Read the stored labels again: another tab may have changed them. */
  reload() {
    try {
      this.#rows = new Map(JSON.parse(localStorage.getItem(NAME) ?? "[]").map((row) => [keyOf(row.path, row.attribute), row]));
    } catch {
      this.#rows = new Map(); // storage is off or unreadable: labels last as long as the page
    }
  }

  /** The label of a picture's class or attribute; empty without one. */
  labelOf(path, attribute) {
    return this.#rows.get(keyOf(path, attribute))?.label ?? "";
  }

  /** Store a label for an item of the queue, and then the hash of its picture; an empty label removes both. */
  set({ path, file, answer }, label, attribute = "") {
    const { label: predicted, confidence, decision } = attribute ? answer.attributes[attribute] : answer;
    const [at, key, model] = [new Date().toISOString(), keyOf(path, attribute), answer.model.version];
    if (label) this.#rows.set(key, { path, label, at, predicted, confidence, decision, model, attribute });
    else this.#rows.delete(key);
    this.#store();
    if (label) this.#hashed = Promise.all([this.#hashed, this.#hash(key, at, file)]);
  }

  forget() {
    this.#rows.clear();
    this.#store();
  }

  /** RFC 4180, with a header. */
  async csv() {
    await this.#hashed;
    const cell = (row, column) => quoted(column === "path" ? asPath(row.path) : asText(row[column] ?? ""));
    const rows = [...this.#rows.values()].map((row) => COLUMNS.map((column) => cell(row, column)));
    return [COLUMNS, ...rows].map((cells) => cells.join(",") + "\r\n").join("");
  }

  async #hash(key, at, file) {
    const digest = await sha256(file);
    const row = this.#rows.get(key); // another one, if the label has changed or another tab has written
    if (row?.at !== at) return;
    row.sha256 = digest;
    this.#store();
  }

  #store() {
    try {
      localStorage.setItem(NAME, JSON.stringify([...this.#rows.values()]));
    } catch {
      // Storage is off or full: labels last as long as the page.
    }
  }
}

/** In hexadecimal; empty where the file has gone, and without HTTPS, where browsers do not hash. */
async function sha256(file) {
  const digest = await file.arrayBuffer().then((bytes) => crypto.subtle.digest("SHA-256", bytes)).catch(() => []);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
