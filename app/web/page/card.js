// One picture on the page: its thumbnail at once, then its state, then the answer.

import { Fields } from "./fields.js";
import { applicable, shown } from "./results.js";
import { save } from "./saving.js";
import { className, t, translate } from "./translate.js";
import * as words from "./words.js";

const LIKELIEST = 3; // classes shown at once; the others on demand

const NAMING = ["label", "state", "path", "unfold"]; // parts whose texts are the name of a folded line
let cardCount = 0; // makes the ids of these parts unique

/** The card of an item of the queue. */
export class Card {
  #parts;
  #item;
  #corrections;
  #makeFields; // as soon as there is an answer
  #fields = null;
  #isInFull = false;

  /**
   * @param {{item: Object, corrections: Corrections, corrected: function(), retry: function(Object),
   *     remove: function(Object), explain: function(Object): Promise<Object>,
   *     decideTogether: function(Object, string): Promise<Object>}} of
   */
  constructor({ item, corrections, corrected, retry, remove, explain, decideTogether }) {
    this.#item = item;
    this.#corrections = corrections;
    const changed = () => {
      this.#showVerdict();
      corrected();
    };
    this.#makeFields = () => new Fields({ item, card: this.element, corrections, corrected: changed, decideTogether });
    this.element = document.getElementById("card").content.firstElementChild.cloneNode(true);
    translate(this.element);
    this.#parts = new Proxy({}, { get: (_, name) => this.element.querySelector(`.${name}`) });
    cardCount += 1;
    for (const name of NAMING) this.#parts[name].id = `card-${cardCount}-${name}`;
    this.#parts.path.textContent = item.path;
    this.#parts.path.title = item.path;
    showPicture(this.#parts.picture, this.#parts.unseeable, item);
    this.#parts.remove.setAttribute("aria-label", t("Remove {name}", { name: item.path }));
    this.#parts.remove.addEventListener("click", () => remove(item));
    this.#parts.unfold.addEventListener("click", () => this.#unfold(!this.element.classList.contains("open")));
    this.#unfold(false);
    this.#parts.retry.addEventListener("click", () => retry(item));
    this.#parts.explain.addEventListener("click", () => this.#explain(() => explain(item)));
    this.#parts.save.addEventListener("click", () => save(item.file, item.path));
  }

  /** Show the item as it is now. */
  update(item) {
    const { element } = this;
    const parts = this.#parts;
    const before = element.dataset.state;
    element.dataset.state = item.state;
    element.setAttribute("aria-busy", String(["sending", "thinking", "held"].includes(item.state)));
    parts.state.textContent = words.state(item);
    parts.sent.hidden = item.state !== "sending";
    parts.sent.value = item.sent ?? 0;
    if (item.state === before) return;
    if (item.state === "done") this.#answer(item);
    this.#trouble(item);
  }

  /** Show the labels that a person gave this picture, once it is known that they are this picture's. */
  async showLabels() {
    if (!this.#item.answer) return;
    await this.#corrections.recognise(this.#item);
    this.#showVerdict();
  }

  /** Make the fields of a card that is seen in full. */
  showInFull() {
    this.#isInFull = true;
    if (this.#item.answer) this.#fields ??= this.#makeFields();
  }

  /**
   * Open the card of a line of the compact list, or fold it into its line.
   *
   * The name of its button begins with what is seen there: the line, as in "Dress photo.jpg Open", or "Close".
   */
  #unfold(isOpen) {
    const { unfold } = this.#parts;
    this.element.classList.toggle("open", isOpen);
    if (isOpen) this.showInFull();
    unfold.setAttribute("aria-expanded", String(isOpen));
    const naming = isOpen ? ["unfold", "path"] : NAMING;
    unfold.setAttribute("aria-labelledby", naming.map((name) => this.#parts[name].id).join(" "));
    unfold.textContent = isOpen ? t("Close") : t("Open");
  }

  /** Lay the heat map over what the model saw, or take it away again; it is fetched once. */
  async #explain(fetched) {
    const { explain, heat, reason, why, explained, plain, rests } = this.#parts;
    explain.disabled = true;
    explain.setAttribute("aria-busy", "true");
    try {
      if (!heat.src) {
        const { explanation, probabilities } = await fetched();
        heat.src = explanation.heat_map;
        heat.alt = explained.textContent = words.explained(explanation, probabilities);
      }
      heat.hidden = why.hidden = rests.hidden = !heat.hidden;
      plain.hidden = !rests.hidden;
      explain.setAttribute("aria-pressed", String(!heat.hidden));
    } catch (trouble) {
      reason.textContent = `${trouble.title}. ${trouble.detail}`;
    }
    explain.disabled = false;
    explain.removeAttribute("aria-busy");
  }

  #trouble(item) {
    const { reason, request, retry } = this.#parts;
    const failed = item.state === "failed";
    const explained = failed || item.state === "held";
    if (item.state !== "done") reason.textContent = explained ? item.trouble.detail : "";
    request.hidden = !(explained && item.trouble.requestId);
    request.querySelector("code").textContent = item.trouble?.requestId ?? "";
    retry.hidden = !(failed && item.trouble.mayPass) && item.state !== "stopped";
  }

  #answer({ answer, loose }) {
    const parts = this.#parts;
    const { decision, reason } = shown(answer);
    this.element.dataset.decision = decision;
    this.element.dataset.reason = reason ?? "";
    parts.decision.textContent = words.decision(answer);
    parts.reason.textContent = words.reason(answer);
    showSeen(parts.seen, answer.seen);
    this.#showProbabilities(answer);
    parts.explain.hidden = false;
    parts.save.hidden = !loose;
    if (this.#isInFull) this.showInFull();
    this.#showVerdict();
    this.showLabels();
  }

  /** Show what the picture shows: what a person has said, else what the model has answered. */
  #showVerdict() {
    const parts = this.#parts;
    const { answer } = this.#item;
    const label = this.#corrections.labelOf(this.#item);
    this.element.classList.toggle("corrected", Boolean(label));
    parts.label.textContent = label ? words.said(label) : words.headline(answer);
    parts.category.textContent = label ? "" : words.category(answer);
    parts.category.hidden = !parts.category.textContent;
    parts.sure.textContent = label ? words.contradicted(answer) : words.sureness(answer);
    parts.decision.hidden = Boolean(label);
    parts.facts.textContent = words.facts(answer, Boolean(label));
    this.#showAttributes(answer);
    this.#fields?.showLabels();
  }

  #showAttributes(answer) {
    const chips = applicable(answer).map(([name, one]) => {
      const label = this.#corrections.labelOf(this.#item, name);
      const chip = document.createElement("li");
      chip.dataset.decision = label ? "" : one.decision;
      chip.textContent = words.attribute(name, one, label);
      return chip;
    });
    this.#parts.attributes.replaceChildren(...chips);
    this.#parts.attributes.hidden = !chips.length;
  }

  #showProbabilities(answer) {
    const parts = this.#parts;
    const ranked = Object.entries(answer.probabilities).sort(([, one], [, other]) => other - one);
    const rows = ranked.map(([label, share]) => bar(label, share, answer));
    const seen = shown(answer).isKind ? 0 : LIKELIEST; // the classes say little about a picture unlike all of them
    parts.bars.replaceChildren(...rows.slice(0, seen));
    parts.bars.hidden = seen === 0;
    parts.rest.replaceChildren(...rows.slice(seen));
    parts.rest.hidden = rows.length <= seen;
    parts.familiarity.textContent = words.familiarity(answer);
    parts.more.textContent = words.more(rows.length);
    parts.others.hidden = parts.rest.hidden && !parts.familiarity.textContent;
  }
}

/** Show the picture from memory; its URL is revoked as soon as it has loaded. */
function showPicture(image, instead, { file, path }) {
  const address = URL.createObjectURL(file);
  const revoke = () => URL.revokeObjectURL(address);
  image.alt = path;
  image.addEventListener("load", revoke, { once: true });
  image.addEventListener("error", () => {
    revoke();
    image.hidden = true; // the service reads formats that a browser cannot show, such as TIFF and HEIC
    instead.hidden = false;
  });
  image.src = address;
}

const FRAME = 112; // of a picture, in CSS pixels

/** Show what the model saw, at a whole multiple of its size; smaller where it exceeds its frame. */
function showSeen(image, address) {
  image.addEventListener("load", () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    const longest = Math.max(width, height);
    image.alt = t("{width} by {height} pixels", { width, height });
    image.parentElement.style.setProperty("--around", longest < FRAME ? `${(FRAME % longest) / 2}px` : "0");
  });
  image.src = address;
  image.hidden = false;
}

function bar(label, share, answer) {
  const row = document.getElementById("bar").content.firstElementChild.cloneNode(true);
  row.classList.toggle("likeliest", label === answer.label);
  row.querySelector(".name").textContent = className(label);
  row.querySelector(".percent").textContent = words.percent(share);
  row.querySelector(".share").style.setProperty("--share", share);
  return row;
}
