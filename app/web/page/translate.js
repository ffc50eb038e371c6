// Texts in the reader's language, which the service chose. The English text is the key.

const ATTRIBUTES = ["alt", "aria-label", "content", "title"];
const texts = JSON.parse(document.getElementById("texts").textContent);
let names = new Map(); // of classes, from the operator's categories

/** A text in the reader's language, with `{name}` replaced by values.name. */
export function t(english, values = {}) {
  return (texts[english] ?? english).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The language of the texts, for numbers. */
export const LANGUAGE = document.documentElement.lang;

/** What a class is called here: the operator's category in this language, else the translated label. */
export function className(label) {
  return names.get(label) ?? t(label);
}

/** Learn the names of the classes; categories that several classes share do not name them. */
export function nameClasses(labels, categories) {
  const found = (categories ?? []).map((category) => category.names[LANGUAGE]).filter(Boolean);
  names = new Map(new Set(found).size === labels.length ? labels.map((label, index) => [label, found[index]]) : []);
}

/** Translate the whole page, its templates excepted: a card is translated when it is made. */
export function translatePage() {
  translate(document.documentElement);
}

/** Translate the texts and attributes of an element in place. */
export function translate(root) {
  if (!Object.keys(texts).length) return;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const key = node.data.trim().replace(/\s+/g, " ");
    if (texts[key]) node.data = node.data.replace(/\S[^]*\S|\S/, () => texts[key]);
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`)) element.setAttribute(name, t(element.getAttribute(name)));
  }
}
