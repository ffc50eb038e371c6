// Labels that a person gave: kept in this browser, exported as CSV.
// A label belongs to a picture's content, not to its name: cameras call every hundredth picture IMG_0001.jpg. Where a
// browser does not hash (plain http), size and time of change take the place of the hash.
// The class has no attribute. `wardrobe label --corrections` reads them as it reads those of a review sheet.

import { asPath, asText, quoted, rounded } from "./cells.js";

const NAME = "wardrobe.corrections";
const COLUMNS = ["path", "label", "sha256", "at", "predicted", "confidence", "decision", "model", "attribute"];

/** The label of a picture that shows none of the classes. */
export const NONE = "none of these";

export class Corrections {
  #rows = [];
  #hashes = new WeakMap(); // by file: its hash; missing until it is known, empty if the browser does not hash
  #hashing = Promise.resolve(); // settled once every labelled picture has its hash

  constructor() {
    this.reload();
  }

  /** How many pictures have a label. */
  get size() {
    return new Set(this.#rows.map((row) => JSON.stringify([row.path, row.sha256 || [row.size, row.modified]]))).size;
  }

  /** Read the stored labels again: another tab may have changed them. */
  reload() {
    try {
      this.#rows = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    } catch {
      this.#rows = []; // storage is off or unreadable: labels last as long as the page
    }
  }

  /** Hash the picture of an item, if labels are kept under its name: whose they are is not known before. */
  async recognise({ path, file }) {
    if (this.#rows.some((row) => row.path === path)) await this.#hash(file);
  }

  /** The label of a picture's class or attribute; empty without one, and while its hash is not known. */
  labelOf(item, attribute = "") {
    return this.#rows.find((row) => this.#isAbout(row, item, attribute))?.label ?? "";
  }

  /** Store a label for an item of the queue, and then the hash of its picture; an empty label removes both. */
  set(item, label, attribute = "") {
    this.#rows = this.#rows.filter((row) => !this.#isAbout(row, item, attribute));
    if (label) this.#rows.push(this.#rowOf(item, label, attribute));
    this.#store();
    if (label) this.#hashing = Promise.all([this.#hashing, this.#addHash(item, attribute)]);
  }

  forget() {
    this.#rows = [];
    this.#store();
  }

  /** RFC 4180, with a header. */
  async csv() {
    await this.#hashing;
    const cell = (row, column) => quoted(column === "path" ? asPath(row.path) : asText(rounded(row[column] ?? "")));
    const rows = this.#rows.map((row) => COLUMNS.map((column) => cell(row, column)));
    return [COLUMNS, ...rows].map((cells) => cells.join(",") + "\r\n").join("");
  }

  #rowOf({ path, file, answer }, label, attribute) {
    const { label: predicted, confidence, decision } = attribute ? answer.attributes[attribute] : answer;
    return {
      path,
      label,
      sha256: this.#hashes.get(file),
      size: file.size,
      modified: file.lastModified,
      at: new Date().toISOString(),
      predicted,
      confidence,
      decision,
      model: answer.model.version,
      attribute,
    };
  }

  /** Whether a row is about this picture, and about this attribute. */
  #isAbout(row, { path, file }, attribute) {
    if (row.path !== path || (row.attribute ?? "") !== attribute) return false;
    const hash = this.#hashes.get(file);
    if (row.sha256 && hash !== "") return row.sha256 === hash;
    return row.size === file.size && row.modified === file.lastModified;
  }

  async #addHash(item, attribute) {
    await this.#hash(item.file);
    const hash = this.#hashes.get(item.file);
    // The rows may be others by now: the label was taken back, or another tab has written.
    const row = this.#rows.find((one) => !one.sha256 && this.#isAbout(one, item, attribute));
    if (!hash || !row) return;
    // An older label of this picture, which could not be told from one of another picture before.
    this.#rows = this.#rows.filter((one) => one === row || !this.#isAbout(one, item, attribute));
    row.sha256 = hash;
    this.#store();
  }

  async #hash(file) {
    if (!this.#hashes.has(file)) this.#hashes.set(file, await sha256(file));
  }

  #store() {
    try {
      localStorage.setItem(NAME, JSON.stringify(this.#rows));
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
