// The page of `wardrobe diff`.
document.title = `Changed answers: ${sheet.first} to ${sheet.second}`;
document.querySelector(".lead").textContent = sheet.lead;
const cards = element("div", { className: "cards" });
document.querySelector("main").append(cards);
for (const one of sheet.cards) {
  const picture = one.picture ? element("img", { src: one.picture, alt: "" }) : element("p", { textContent: "This picture cannot be shown." });
  const said = element("p", {}, `${one.before} → `, element("strong", { textContent: one.label }), one.after);
  const made = card(one.path, element("div", { className: "picture" }, picture), said);
  made.dataset.kind = one.kind;
  cards.append(made);
}

// A button for each kind of change shows its cards alone. Pressed once more, it shows all again. The page may
// have fewer cards of a kind than there are changes, so both numbers are told then.
const number = new Intl.NumberFormat("en");
const buttons = sheet.kinds.map((kind) => element("button", { type: "button", textContent: `${kind.name} (${number.format(kind.count)})` }));
document.getElementById("kinds").append(...buttons);
document.getElementById("kinds").hidden = buttons.length < 2;
function show(chosen) {
  buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === chosen)));
  const kind = sheet.kinds[chosen];
  for (const one of cards.children) one.hidden = kind !== undefined && one.dataset.kind !== kind.name;
  const shown = [...cards.children].filter((one) => !one.hidden).length;
  const all = kind === undefined ? shown : kind.count;
  document.getElementById("found").textContent = kind === undefined ? "" : `${number.format(shown)} of ${number.format(all)} shown`;
}
buttons.forEach((button, place) => button.addEventListener("click", () => show(button.getAttribute("aria-pressed") === "true" ? -1 : place)));
show(-1);
