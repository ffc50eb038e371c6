
"use strict";
const labels = JSON.parse(document.getElementById("labels").textContent);
const cards = [...document.querySelectorAll("article")];
const button = document.getElementById("export");
const chosen = (card) => card.querySelector("select").value;

function told() {
  const said = cards.filter(chosen).length;
  cards.forEach((card) => card.classList.toggle("said", chosen(card) !== ""));
  document.getElementById("count").textContent = `${said} of ${cards.length} said`;
  button.disabled = said === 0;
}

for (const card of cards) {
  const select = card.querySelector("select");
  labels.forEach((label) => select.add(new Option(label)));
  select.addEventListener("change", told);
  card.querySelector(".right").addEventListener("click", () => {
    select.value = card.dataset.guess;
    told();
  });
}

const field = (text) => `"${text.replaceAll('"', '""')}"`;

button.addEventListener("click", () => {
  const rows = cards.filter(chosen).map((card) => `${field(card.dataset.path)},${field(chosen(card))}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["path,label\n", ...rows], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  button.dataset.exported = "yes";
});

// Nothing is kept but in this page.
addEventListener("beforeunload", (leaving) => {
  if (!button.disabled && !button.dataset.exported) leaving.preventDefault();
});
