// The page at /: connects its parts. Each part has its own file.

import { Card } from "./card.js";
import { Corrections } from "./corrections.js";
import { listen } from "./intake.js";
import { forgetKey, hasKey, keepKey, keyHeaders } from "./key.js";
import { Pace } from "./pace.js";
import { Queue } from "./queue.js";
import { goToReport, isReport, showReport } from "./report.js";
import { asCsv, asJson, sorted } from "./results.js";
import { save } from "./saving.js";
import { classify, fetched } from "./sending.js";
import { nameClasses, t, translatePage } from "./translate.js";
import * as words from "./words.js";

const at = (id) => document.getElementById(id);
const corrections = new Corrections();
const queue = new Queue({ changed, headers: keyHeaders });
const pace = new Pace();
let items = [];
let newest = []; // the last batch
let cleared = null; // what Clear took off the page, until other pictures come
let phase = "settled";
let drawn = true;
let isListChosen = false;
const FEW = 4; // pictures that begin as cards; more begin as a list
const narrow = matchMedia("(max-width: 48rem)");

// The report takes the place of the whole page, so nothing else may run beside it.
if (isReport() && hasKey()) showReport(keyHeaders()).catch(() => location.replace("./"));
else start();

function start() {
  translatePage();
  placeControls();
  narrow.addEventListener("change", placeControls);
  at("to-controls").addEventListener("click", () => at("controls").focus());
  addEventListener("beforeunload", (event) => {
    if (items.some(isUnsaved)) event.preventDefault();
  });
  listen(
    { zone: at("intake"), pick: at("pick"), files: at("files"), photograph: at("photograph"), camera: at("camera") },
    take,
    notify,
  );
  at("stop").addEventListener("click", () => leave(at("stop"), () => queue.stop()));
  at("resume").addEventListener("click", () => leave(at("resume"), () => queue.resume()));
  at("again").addEventListener("click", () => leave(at("again"), tryFailedAgain));
  at("clear").addEventListener("click", () => leave(at("clear"), clear));
  at("undo").addEventListener("click", () => leave(at("undo"), undo));
  at("filter").addEventListener("change", ({ target }) => (at("cards").dataset.show = target.value));
  at("order").addEventListener("change", showOrder);
  at("compact").addEventListener("change", ({ target }) => {
    isListChosen = true;
    showList(target.checked);
  });
  at("results-csv").addEventListener("click", () => saveResults(asCsv, "csv", "text/csv"));
  at("results-json").addEventListener("click", () => saveResults(asJson, "json", "application/json"));
  addEventListener("pagehide", () => document.activeElement?.blur()); // a list that is left so has its label, too
  at("samples").addEventListener("click", takeSample);
  at("export").addEventListener("click", exportCorrections);
  at("forget").addEventListener("click", () => leave(at("forget"), forgetCorrections));
  at("key-form").addEventListener("submit", useKey);
  at("forget-key").addEventListener("click", () => leave(at("forget-key"), forgetTheKey));
  at("report").addEventListener("click", openReport);
  addEventListener("storage", () => {
    corrections.reload();
    for (const item of items) item.card.showLabels();
    showCorrections();
  });
  showCorrections();
  showModel();
}

/** On a phone the pictures come first. Moved in the document, so that Tab follows what is seen. */
function placeControls() {
  if (narrow.matches) at("cards").after(at("controls"));
  else at("cards").before(at("controls"));
}

/** Whether closing the page would lose the item's answer. */
function isUnsaved(item) {
  return item.state !== "failed" && !item.saved;
}

/** Add pictures: the newest batch on top, in its own order. */
function take(pictures) {
  at("notice").hidden = true;
  for (const item of cleared?.items ?? []) queue.remove(item);
  cleared = null;
  const batch = pictures.map((picture) => ({ ...picture }));
  for (const item of batch) {
    item.card = new Card({ item, corrections, corrected: showCorrections, retry: (one) => queue.retry(one), remove, explain, decideTogether });
  }
  at("cards").prepend(...batch.map((item) => item.card.element));
  newest = batch;
  items = [...batch, ...items];
  showList(isListChosen ? at("compact").checked : items.length > FEW);
  for (const item of batch) queue.add(item);
}

/** Show a line for each picture, which opens its card, or all cards. */
function showList(isList) {
  at("compact").checked = isList;
  at("cards").classList.toggle("compact", isList);
  if (!isList) for (const item of items) item.card.showInFull();
}

/** Take one picture off the page; the focus goes to the one that takes its place. */
function remove(item) {
  const beside = item.card.element.nextElementSibling ?? item.card.element.previousElementSibling;
  queue.remove(item);
  items = items.filter((other) => other !== item);
  newest = newest.filter((other) => other !== item);
  item.card.element.remove();
  showSums();
  (beside?.querySelector(".remove") ?? at("pick")).focus();
}

/** Ask why the answer to an item is as it is. */
function explain({ file }) {
  return classify(file, { query: "explain=1", headers: keyHeaders() });
}

/** Ask what the title of an item and its picture say together. */
function decideTogether({ file }, title) {
  return classify(file, { query: "", headers: keyHeaders(), title });
}

/** Fetch the sample of a button and take it in like a photo. */
async function takeSample({ target }) {
  const image = target.closest("button")?.querySelector("img");
  if (!image) return;
  try {
    const file = await (await fetched(image.getAttribute("src"), {})).blob();
    take([{ path: image.getAttribute("src").split("/").at(-1), file, loose: true }]);
    requestAnimationFrame(() => at("results").focus()); // the sample's button may be hidden by now
  } catch (trouble) {
    notifyTrouble(trouble);
  }
}

/** Called by the queue on every change; totals are drawn once per frame. */
function changed(item) {
  item.card.update(item);
  if (item.state === "done") pace.count(performance.now());
  if (item.state === "locked") askForKey(item.trouble);
  if (!drawn) return;
  drawn = false;
  requestAnimationFrame(showSums);
}

function showSums() {
  drawn = true;
  const open = items.filter((item) => !["done", "failed", "stopped"].includes(item.state)).length;
  const any = (state) => items.some((item) => item.state === state);
  at("results").hidden = items.length === 0;
  at("undo").hidden = cleared === null;
  document.body.classList.toggle("working", items.length > 0);
  at("tally").textContent = items.length ? [words.tally(items), timeLeft(open)].filter(Boolean).join(". ") : "";
  at("progress").hidden = open === 0 || items.length === 1;
  at("progress").max = items.length;
  at("progress").value = items.length - open;
  at("filter").hidden = at("ordering").hidden = items.length < 2;
  at("to-controls").hidden = !narrow.matches || items.length < 2;
  at("stop").hidden = open === 0;
  at("resume").hidden = !any("stopped");
  at("held").textContent = words.holding(items);
  at("held").hidden = !at("held").textContent;
  at("results-csv").hidden = at("results-json").hidden = open === items.length;
  if (open === 0 && at("order").value !== "given") showOrder();
  at("again").hidden = !items.some((item) => item.state === "failed" && item.trouble.mayPass) || items.length === 1;
  if (items.length) announce(open);
}

function timeLeft(open) {
  const seconds = pace.secondsFor(open);
  return seconds === null ? "" : words.timeLeft(seconds);
}

/** Announce to screen readers that work began, waits or has ended; not each picture, not each second. */
function announce(open) {
  const held = items.find((item) => item.state === "held");
  const now = held ? "held" : open ? "open" : "settled";
  if (now === phase && now !== "settled") return;
  phase = now;
  if (held) at("said").textContent = `${held.trouble.title}. ${t("It goes on in a moment.")}`;
  else if (open) at("said").textContent = t("Looking at {pictures}.", { pictures: words.count(open, "picture") });
  else if (newest.length) at("said").textContent = newest.length === 1 ? words.spoken(newest[0]) : words.tally(newest);
}

/** Put the cards in the order that is chosen; the focus stays where it is. */
function showOrder() {
  const focused = document.activeElement;
  const elements = sorted(items, at("order").value).map((item) => item.card.element);
  if (elements.every((element, place) => element === at("cards").children[place])) return;
  at("cards").append(...elements);
  focused.focus({ preventScroll: true });
}

function saveResults(form, ending, type) {
  const name = `wardrobe-results-${new Date().toISOString().slice(0, 10)}.${ending}`;
  save(new Blob([form(sorted(items, at("order").value))], { type }), name);
  for (const item of items) item.saved = Boolean(item.answer);
}

/** Run a button's action; if the button is hidden then, the focus goes to the results. */
function leave(button, act) {
  act();
  requestAnimationFrame(() => {
    const next = cleared ? at("undo") : at("results").hidden ? at("pick") : at("results");
    if (button.hidden || button.closest("[hidden]")) next.focus();
  });
}

function tryFailedAgain() {
  for (const item of items) if (item.state === "failed" && item.trouble.mayPass) queue.retry(item);
}

function clear() {
  queue.stop();
  cleared = { items, newest };
  notify(t("Cleared: {pictures}.", { pictures: words.count(items.length, "picture") }));
  items = newest = [];
  at("cards").replaceChildren();
  showSums();
}

/** Bring back what was cleared; what was not answered by then is stopped, and can be resumed. */
function undo() {
  ({ items, newest } = cleared);
  cleared = null;
  at("notice").hidden = true;
  at("cards").replaceChildren(...items.map((item) => item.card.element));
  showSums();
}

function notify(text) {
  at("notice").hidden = false;
  at("notice").textContent = text;
  at("said").textContent = text;
}

function showCorrections() {
  at("corrections").hidden = corrections.size === 0;
  const pictures = words.count(corrections.size, "picture");
  at("kept").textContent = t("Your labels, kept in this browser: {pictures}.", { pictures });
}

async function exportCorrections() {
  const day = new Date().toISOString().slice(0, 10);
  save(new Blob([await corrections.csv()], { type: "text/csv" }), `wardrobe-labels-${day}.csv`);
}

function forgetCorrections() {
  corrections.forget();
  for (const item of items) item.card.showLabels();
  showCorrections();
}

async function showModel() {
  at("forget-key").hidden = !hasKey();
  try {
    const model = await (await fetched("model", keyHeaders())).json();
    nameClasses(model.labels, model.categories);
    showClasses(model.labels);
    const classes = words.count(model.labels.length, "class", "classes");
    at("model").textContent = t("Model {name} {version}, {classes}", { ...model, classes });
    at("key-form").hidden = true;
  } catch (trouble) {
    if (trouble.status === 401) askForKey(trouble);
    else notifyTrouble(trouble);
  }
}

/** Name the classes, and offer the samples that show one of them. */
function showClasses(labels) {
  at("classes").textContent = words.classes(labels);
  const offered = [...at("samples").querySelectorAll("button")];
  for (const button of offered) button.hidden = !labels.includes(button.dataset.label);
  at("samples").hidden = offered.every((button) => button.hidden);
}

function notifyTrouble(trouble) {
  notify(`${trouble.title}. ${trouble.detail}`);
}

function askForKey(trouble) {
  at("key-trouble").textContent = hasKey() ? trouble.detail : t("Enter your API key. The operator of this service has one for you.");
  at("key-request").querySelector("code").textContent = trouble.requestId;
  if (!at("key-form").hidden) return;
  at("key-form").hidden = false;
  at("key").focus();
}

/** Where the service asks for a key, the report needs it too, and a link cannot carry it. */
function openReport(event) {
  if (!hasKey() && at("key-form").hidden) return;
  event.preventDefault();
  if (hasKey()) goToReport();
  else notify(t("The report asks for the API key, too. Enter it first."));
}

function useKey(event) {
  event.preventDefault();
  keepKey(at("key").value.trim());
  at("key").value = "";
  at("key-form").hidden = true;
  if (isReport()) return goToReport();
  at("pick").focus();
  showModel();
  queue.unlock();
}

function forgetTheKey() {
  forgetKey();
  showModel();
}
