// Texts in the reader's language. The English text is the key; translations.json has the others.

const ATTRIBUTES = ["alt", "aria-label", "content", "title"];
const [language, texts] = await chosen(navigator.languages);
let names = new Map(); // of classes, from the operator's categories

/** The first language that is offered; English is the page's own. */
async function chosen(tags) {
  const isEnglish = (tag) => /^en(-|$)/i.test(tag);
  if (isEnglish(tags[0] ?? "en")) return ["en", {}];
  const response = await fetch("page/translations.json").catch(() => null);
  const offered = response?.ok ? await response.json() : {};
  for (const tag of tags) {
    if (isEnglish(tag)) break;
    // "de-AT" finds "de" (RFC 4647, section 3.4).
    for (const parts = tag.toLowerCase().split("-"); parts.length; parts.pop()) {
      const found = offered[parts.join("-")];
      if (found) return [parts.join("-"), found];
    }
  }
  return ["en", {}];
}

/** A text in the reader's language, with `{name}` replaced by values.name. */
export function t(english, values = {}) {
  return (texts[english] ?? english).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The language of the texts, for numbers. */
export const LANGUAGE = language;

/** What a class is called here: the operator's category in this language, else the translated label. */
export function className(label) {
  return names.get(label) ?? t(label);
}

/** Learn the names of the classes; categories that several classes share do not name them. */
export function nameClasses(labels, categories) {
  const found = (categories ?? []).map((category) => category.names[language]).filter(Boolean);
  names = new Map(new Set(found).size === labels.length ? labels.map((label, index) => [label, found[index]]) : []);
}

/** Translate the whole page, its templates excepted: a card is translated when it is made. */
export function translatePage() {
  document.documentElement.lang = language;
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
