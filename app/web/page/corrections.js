// Labels that a person gave: kept in this browser, exported as CSV.
// wardrobe label --corrections reads the first four columns, as of a review sheet; the others are for people.

import { asPath, asText, quoted } from "./cells.js";

const NAME = "wardrobe.corrections";
const COLUMNS = ["path", "label", "sha256", "at", "predicted", "confidence", "decision", "model"];

/** The label of a picture that shows none of the classes. */
export const NONE = "none of these";

export class Corrections {
  #rows = new Map();
  #hashed = Promise.resolve(); // once every picture has its hash

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

  /** Store a label for an item of the queue, and then the hash of its picture; an empty label removes both. */
  set({ path, file, answer }, label) {
    const { label: predicted, confidence, decision, model } = answer;
    const at = new Date().toISOString();
    if (label) this.#rows.set(path, { path, label, at, predicted, confidence, decision, model: model.version });
    else this.#rows.delete(path);
    this.#store();
    if (label) this.#hashed = Promise.all([this.#hashed, this.#hash(path, at, file)]);
  }

  forget() {
    this.#rows.clear();
    this.#store();
  }

  /** RFC 4180, with a header. */
  async csv() {
    await this.#hashed;
    const cell = (row, column) => quoted(column === "path" ? asPath(row.path) : asText(row[column]));
    const rows = [...this.#rows.values()].map((row) => COLUMNS.map((column) => cell(row, column)));
    return [COLUMNS, ...rows].map((cells) => cells.join(",") + "\r\n").join("");
  }

  async #hash(path, at, file) {
    const digest = await sha256(file);
    const row = this.#rows.get(path); // another one, if the label has changed or another tab has written
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
