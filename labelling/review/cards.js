"use strict";
// Cards of the review sheet and of the page of changes, made of the JSON in the page.
const sheet = JSON.parse(document.getElementById("shown").textContent);

function element(tag, values = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...inside);
  return made;
}

// A picture, or what stands in its place, above a name and what is said of it.
function card(name, picture, ...below) {
  const shown = element("p", { className: "name" }, element("bdi", { dir: "ltr", textContent: name }));
  return element("article", {}, picture, shown, ...below);
}
