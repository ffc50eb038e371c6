// One picture on the page: its thumbnail at once, then its state, then the answer.

import { NONE } from "./corrections.js";
import { hasKey } from "./key.js";
import { shown } from "./results.js";
import { save } from "./saving.js";
import { snippets } from "./snippets.js";
import { className, t, translate } from "./translate.js";
import * as words from "./words.js";

const LIKELIEST = 3; // classes shown at once; the others on demand

/** The card of an item of the queue. */
export class Card {
  #parts;

  /**
   * @param {{item: Object, corrections: Corrections, corrected: function(), retry: function(Object),
   *     remove: function(Object), explain: function(Object): Promise<Object>,
   *     decideTogether: function(Object, string): Promise<Object>}} of
   */
  constructor({ item, corrections, corrected, retry, remove, explain, decideTogether }) {
    this.element = document.getElementById("card").content.firstElementChild.cloneNode(true);
    translate(this.element);
    this.#parts = new Proxy({}, { get: (_, name) => this.element.querySelector(`.${name}`) });
    this.#parts.path.textContent = item.path;
    this.#parts.path.title = item.path;
    showPicture(this.#parts.picture, this.#parts.unseeable, item);
    this.#parts.remove.setAttribute("aria-label", t("Remove {name}", { name: item.path }));
    this.#parts.remove.addEventListener("click", () => remove(item));
    this.#parts.unfold.addEventListener("click", () => this.#unfold(item.path, !this.element.classList.contains("open")));
    this.#unfold(item.path, false);
    this.#parts.retry.addEventListener("click", () => retry(item));
    this.#parts.explain.addEventListener("click", () => this.#explain(() => explain(item)));
    this.#parts.titled.addEventListener("submit", (sent) => {
      sent.preventDefault();
      this.#decideTogether((title) => decideTogether(item, title));
    });
    this.#parts.save.addEventListener("click", () => save(item.file, item.path));
    this.element.addEventListener("change", ({ target }) => {
      const truth = target.closest(".truth");
      if (!truth) return;
      corrections.set(item, target.value, truth.dataset.attribute);
      mark(truth, target.value);
      corrected();
    });
    this.#parts.api.addEventListener("toggle", () => this.#showSnippet(item.path));
    this.#parts.language.addEventListener("change", () => this.#showSnippet(item.path));
    this.#parts.copy.addEventListener("click", () => copy(this.#parts.snippet));
    this.corrections = corrections;
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

  /** Show this picture without labels. */
  unlabel() {
    for (const truth of this.element.querySelectorAll(".truth")) {
      truth.querySelector("select").value = "";
      mark(truth, "");
    }
  }

  /** Open the card of a line of the compact list, or fold it into its line. */
  #unfold(name, isOpen) {
    const { unfold } = this.#parts;
    this.element.classList.toggle("open", isOpen);
    unfold.setAttribute("aria-expanded", String(isOpen));
    unfold.setAttribute("aria-label", isOpen ? t("Close {name}", { name }) : t("Open {name}", { name }));
    unfold.textContent = t("Close");
  }

  #showSnippet(name) {
    const address = new URL("predict", location).href.split("#")[0];
    const { language, snippet } = this.#parts;
    snippet.textContent = snippets({ address, name, key: hasKey() })[language.value];
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

  /** Show what the title and the picture say together; without a title nothing. */
  async #decideTogether(asked) {
    const { title, listed } = this.#parts;
    const text = title.value.trim();
    listed.hidden = !text;
    listed.textContent = "";
    if (!text) return;
    listed.setAttribute("aria-busy", "true");
    try {
      const answer = await asked(text);
      if (title.value.trim() === text) listed.textContent = words.listed(answer.listed);
    } catch (trouble) {
      listed.textContent = `${trouble.title}. ${trouble.detail}`;
    }
    listed.removeAttribute("aria-busy");
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

  #answer({ answer, path, loose }) {
    const parts = this.#parts;
    const { decision, reason } = shown(answer);
    this.element.dataset.decision = decision;
    this.element.dataset.reason = reason ?? "";
    parts.label.textContent = words.headline(answer);
    parts.category.textContent = words.category(answer);
    parts.category.hidden = !parts.category.textContent;
    parts.sure.textContent = words.sureness(answer);
    parts.decision.textContent = words.decision(answer);
    parts.reason.textContent = words.reason(answer);
    this.#showAttributes(answer);
    showSeen(parts.seen, answer.seen);
    this.#showProbabilities(answer);
    parts.api.hidden = false;
    parts.explain.hidden = false;
    parts.titled.hidden = false;
    parts.save.hidden = !loose;
    this.#offerLabels(answer, path);
  }

  #showAttributes(answer) {
    const chips = applicable(answer).map(([name, one]) => {
      const chip = document.createElement("li");
      chip.dataset.decision = one.decision;
      chip.textContent = words.attribute(name, one);
      return chip;
    });
    this.#parts.attributes.replaceChildren(...chips);
    this.#parts.attributes.hidden = !chips.length;
  }

  #showProbabilities(answer) {
    const parts = this.#parts;
    const ranked = Object.entries(answer.probabilities).sort(([, one], [, other]) => other - one);
    const rows = ranked.map(([label, share]) => bar(label, share, answer));
    parts.bars.replaceChildren(...rows.slice(0, LIKELIEST));
    parts.bars.hidden = false;
    parts.rest.replaceChildren(...rows.slice(LIKELIEST));
    parts.rest.hidden = rows.length <= LIKELIEST;
    parts.familiarity.textContent = words.familiarity(answer);
    parts.more.textContent = words.more(rows.length);
    parts.others.hidden = parts.rest.hidden && !parts.familiarity.textContent;
  }

  /** Offer the labels of the class, and of each attribute that the picture has. */
  #offerLabels(answer, path) {
    const { truth } = this.#parts;
    for (const further of this.element.querySelectorAll(".truth[data-attribute]")) further.remove();
    const ofAttributes = applicable(answer).map(([name, one]) => {
      const further = truth.cloneNode(true);
      further.dataset.attribute = name;
      further.querySelector("span").textContent = `${name}?`;
      offer(further, one, (label) => label, this.corrections.labelOf(path, name));
      return further;
    });
    offer(truth, answer, className, this.corrections.labelOf(path));
    truth.after(...ofAttributes);
  }
}

/** The attributes of an answer that the picture has. */
function applicable({ attributes = {} }) {
  return Object.entries(attributes).filter(([, one]) => one.reason !== "inapplicable");
}

/** Offer the labels of one question; `named` says what each is called. */
function offer(truth, { label, probabilities }, named, chosen) {
  const labels = Object.keys(probabilities);
  const options = labels.map((one) => new Option(named(one), one));
  const select = truth.querySelector("select");
  select.replaceChildren(new Option(t("Choose…"), ""), ...options, new Option(t("none of these"), NONE));
  select.value = [...labels, NONE].includes(chosen) ? chosen : "";
  truth.dataset.predicted = label;
  truth.hidden = false;
  mark(truth, chosen);
}

function mark(truth, chosen) {
  truth.dataset.truth = !chosen ? "" : chosen === truth.dataset.predicted ? "right" : "wrong";
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

/** Copy the text; where the browser does not allow that (plain HTTP), select it for the reader to copy. */
function copy(element) {
  getSelection().selectAllChildren(element);
  navigator.clipboard?.writeText(element.textContent).catch(() => {});
}

function bar(label, share, answer) {
  const row = document.getElementById("bar").content.firstElementChild.cloneNode(true);
  row.classList.toggle("likeliest", label === answer.label);
  row.querySelector(".name").textContent = className(label);
  row.querySelector(".percent").textContent = words.percent(share);
  row.querySelector(".share").style.setProperty("--share", share);
  return row;
}
