// A phone has the filters closed at first; elsewhere they are always open.
const wide = matchMedia("(min-width: 48.01rem)");
const fold = () => (document.getElementById("choice").open = wide.matches);
wide.addEventListener("change", fold);
fold();

// The lists offer what the cards have: none where that is the same of all. What the model answered about a
// picture of an audit stays hidden, so these filters pass over it.
const isBlind = (card) => card.dataset.audit !== ""; // a question about a category has none, and is blind, too
const filters = document.getElementById("filters");
const lists = [...filters.querySelectorAll("select")];
for (const list of lists) {
  const values = [...new Set(cards.filter((card) => !isBlind(card)).map((card) => card.dataset[list.dataset.of]))].sort();
  list.replaceChildren(new Option(t("all"), ""), ...values.map((value) => new Option(list.dataset.of === "decision" ? t(value) : value, value)));
  list.parentElement.hidden = values.length < 2;
}
const most = document.getElementById("most");
most.parentElement.hidden = cards.every((card) => isBlind(card) || !card.dataset.confidence);

// Every word has to be in a card's name or note; an answered card stays until the filters change.
function search() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/);
  const open = document.getElementById("open").checked;
  const text = (card) => [...card.querySelectorAll(":scope > p:not(:last-child)")].map((one) => one.textContent).join(" ");
  const fits = (card) =>
    words.every((word) => text(card).toLowerCase().includes(word)) &&
    lists.every((list) => !list.value || (!isBlind(card) && card.dataset[list.dataset.of] === list.value)) &&
    !(most.value && (isBlind(card) || card.dataset.confidence * 100 > most.value)) &&
    !(open && chosen(card));
  cards.forEach((card) => (card.hidden = !fits(card)));
  for (const part of document.querySelectorAll("main section")) part.hidden = !part.querySelector("article:not([hidden])");
  const found = cards.filter((card) => !card.hidden).length;
  document.getElementById("found").textContent = found < cards.length ? t("{number} shown", { number: number.format(found) }) : "";
  offer();
}
filters.addEventListener("input", search);
filters.addEventListener("submit", (sent) => sent.preventDefault());
