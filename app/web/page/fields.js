// What a person fills in on an open card: the shop's title, the true labels, the language of the code.
// A browser's autofill reads every field of the page again after each change, so a card that was never opened has
// none of them: with fields in each card, 300 photos took seven times as long.

import { NONE } from "./corrections.js";
import { hasKey } from "./key.js";
import { applicable } from "./results.js";
import { snippets } from "./snippets.js";
import { className, t, translate } from "./translate.js";
import * as words from "./words.js";

/** The fields of one card, which are put into it when they are made. */
export class Fields {
  #item;
  #corrections;
  #card;
  #titled;
  #truth;
  #api;

  /**
   * @param {{item: Object, card: Element, corrections: Corrections, corrected: function(),
   *     decideTogether: function(Object, string): Promise<Object>}} of item is one that has an answer
   */
  constructor({ item, card, corrections, corrected, decideTogether }) {
    this.#item = item;
    this.#card = card;
    this.#corrections = corrections;
    const made = document.getElementById("fields").content.cloneNode(true);
    [this.#titled, this.#truth, this.#api] = made.children;
    for (const element of made.children) translate(element);
    card.querySelector(".listed").before(this.#titled);
    card.querySelector(".below").prepend(this.#truth);
    card.append(this.#api);
    this.#listenToTitle(decideTogether);
    this.#listenToLabels(corrected);
    this.#listenToCode();
    this.#offerLabels();
  }

  /** Show the labels that the corrections have for this picture now. */
  showLabels() {
    for (const truth of this.#truths()) {
      const chosen = this.#corrections.labelOf(this.#item, truth.dataset.attribute);
      const select = truth.querySelector("select");
      select.value = [...select.options].some(({ value }) => value === chosen) ? chosen : "";
      mark(truth, chosen);
    }
  }

  #truths() {
    return this.#card.querySelectorAll(".truth");
  }

  #listenToTitle(decideTogether) {
    const field = this.#titled.querySelector(".title");
    const decide = () => this.#decideTogether(field, (title) => decideTogether(this.#item, title));
    this.#titled.querySelector(".decide").addEventListener("click", decide);
    field.addEventListener("keydown", (event) => {
      // While somebody composes a character of Japanese or Chinese, Enter ends that character alone.
      if (event.key === "Enter" && !event.isComposing) decide();
    });
  }

  /** Show what the title and the picture say together; without a title nothing. */
  async #decideTogether(field, asked) {
    const listed = this.#card.querySelector(".listed");
    const text = field.value.trim();
    listed.hidden = !text;
    listed.textContent = "";
    if (!text) return;
    listed.setAttribute("aria-busy", "true");
    try {
      const answer = await asked(text);
      if (field.value.trim() === text) listed.textContent = words.listed(answer.listed);
    } catch (trouble) {
      listed.textContent = `${trouble.title}. ${trouble.detail}`;
    }
    listed.removeAttribute("aria-busy");
  }

  #listenToLabels(corrected) {
    this.#card.addEventListener("change", ({ target }) => {
      const truth = target.closest(".truth");
      if (!truth) return;
      this.#corrections.set(this.#item, target.value, truth.dataset.attribute);
      corrected();
    });
  }

  /** Offer the labels of the class, and of each attribute that the picture has. */
  #offerLabels() {
    const { answer } = this.#item;
    const further = applicable(answer).map(([name, one]) => {
      const truth = this.#truth.cloneNode(true);
      truth.dataset.attribute = name;
      truth.querySelector("span").textContent = `${name}?`;
      offer(truth, one, (label) => label);
      return truth;
    });
    offer(this.#truth, answer, className);
    this.#truth.after(...further);
    this.showLabels();
  }

  #listenToCode() {
    this.#api.addEventListener("toggle", () => this.#showSnippet());
    this.#api.querySelector(".language").addEventListener("change", () => this.#showSnippet());
    this.#api.querySelector(".copy").addEventListener("click", () => copy(this.#api.querySelector(".snippet")));
  }

  #showSnippet() {
    const address = new URL("predict", location).href.split("#")[0];
    const language = this.#api.querySelector(".language").value;
    this.#api.querySelector(".snippet").textContent = snippets({ address, name: this.#item.path, key: hasKey() })[language];
  }
}

/** Offer the labels of one question; `named` says what each is called. */
function offer(truth, { label, probabilities }, named) {
  const options = Object.keys(probabilities).map((one) => new Option(named(one), one));
  truth.querySelector("select").replaceChildren(new Option(t("Choose…"), ""), ...options, new Option(t("none of these"), NONE));
  truth.dataset.predicted = label;
}

function mark(truth, chosen) {
  truth.dataset.truth = !chosen ? "" : chosen === truth.dataset.predicted ? "right" : "wrong";
}

/** Copy the text; where the browser does not allow that (plain HTTP), select it for the reader to copy. */
function copy(element) {
  getSelection().selectAllChildren(element);
  navigator.clipboard?.writeText(element.textContent).catch(() => {});
}
