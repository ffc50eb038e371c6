// The page's texts: answers, errors and numbers in words, in the reader's language.

import { applicable, shown } from "./results.js";
import { className, LANGUAGE, t } from "./translate.js";

const TWO_PLACES = new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const PERCENT = new Intl.NumberFormat(LANGUAGE, { style: "percent", maximumFractionDigits: 1 });
const SMALLEST = 0.001;
const NOTICEABLE = 0.05; // drop of a probability below which a heat map is nearly invisible
const MOST_CLASSES = 30; // named at the top of the page

/** A probability for people. A model is never certain: 0 and 1 are what float32 rounds to. */
export function percent(share) {
  if (share < SMALLEST) return `< ${PERCENT.format(SMALLEST)}`;
  if (share > 1 - SMALLEST) return `> ${PERCENT.format(1 - SMALLEST)}`;
  return PERCENT.format(share);
}

/** The classes of the model in a sentence. */
export function classes(labels) {
  const more = labels.length - MOST_CLASSES;
  const named = labels.slice(0, MOST_CLASSES).map(className).join(", ") + (more > 0 ? t(" and {more} more", { more }) : "");
  return t("The model knows {classes}: {named}.", { classes: count(labels.length, "class", "classes"), named });
}

/** Why pictures wait, and until when; empty where none does. */
export function holding(items) {
  const held = items.filter((item) => item.state === "held");
  if (!held.length) return "";
  const { trouble, seconds } = held.reduce((one, other) => (other.seconds < one.seconds ? other : one));
  const cause = trouble.status === 429 ? t("The rate limit is used up") : t("The service is busy");
  const waiting = count(held.length, "picture waits", "pictures wait");
  const wait = t("{waiting}, the next try is in {seconds}.", { waiting, seconds: count(seconds, "second") });
  return `${cause}: ${wait} ${trouble.detail}`;
}

/** "1 picture", "2 pictures". */
export function count(number, one, many = `${one}s`) {
  return t(`{number} ${number === 1 ? one : many}`, { number });
}

/** From this probability on the page calls an accepted answer sure; below, likely. */
const SURE = 0.9;

const DECISIONS = { accept: t("Accept"), kind: t("Kind accepted"), review: t("Review") };

/** What an answer says that the picture shows. */
export function headline(answer) {
  const { label, isKind } = shown(answer);
  return isKind ? label : className(label);
}

/** The decision of an answer in one word. */
export function decision(answer) {
  const { decision: decided } = shown(answer);
  return DECISIONS[decided] ?? decided;
}

/** A person's label in place of the model's: "You say: Coat". */
export function said(label) {
  return t("You say: {label}", { label: className(label) });
}

/** What the model has answered, beside a person's label: "The model says: Pullover, 91%". */
export function contradicted(answer) {
  return t("The model says: {label}, {percent}", { label: headline(answer), percent: percent(shown(answer).confidence) });
}

/** The line of a folded card: "91% sure · pullover · blue, white?"; doubtful attributes have a question mark. */
export function facts(answer, corrected) {
  const { isKind } = shown(answer);
  const named = applicable(answer)
    .filter(([name]) => !(isKind && name === "kind"))
    .map(([, { label, also, decision: decided }]) => [label, ...also].join(", ") + (decided === "accept" ? "" : "?"));
  return [corrected ? contradicted(answer) : sureness(answer), ...named].join(" · ");
}

/** An attribute in a chip: "colour: blue, white 83%, Accept"; with a person's label "colour: you say white". */
export function attribute(name, { label, also, confidence, decision: decided }, corrected) {
  if (corrected) return `${name}: ${t("you say {label}", { label: t(corrected) })}`;
  return `${name}: ${[label, ...also].join(", ")} ${percent(confidence)}, ${DECISIONS[decided] ?? decided}`;
}

/** Why the answer was decided so; where a person should look, also that the picture is small. */
export function reason(answer) {
  const small = answer.enlarged && shown(answer).decision === "review" ? t("The picture is smaller than what the model reads, so it was enlarged.") : "";
  return `${explanation(answer)} ${small}`.trim();
}

function explanation(answer) {
  if (shown(answer).isKind) return t("The picture is unlike what the model has learnt of its classes, so only the kind is accepted.");
  if (answer.decision === "accept" && answer.confidence < SURE) {
    return t("The model thinks it may be: {closest}.", { closest: closest(answer) });
  }
  if (answer.decision === "accept") {
    return answer.familiarity === null
      ? t("The model is sure.")
      : t("The model is sure, and the picture looks like what it has learnt.");
  }
  return REASONS[answer.reason]?.(answer) ?? answer.reason ?? "";
}

/** The sentence for each reason that the class of a picture may have. */
const REASONS = {
  ambiguous: (answer) => t("Not sure enough to accept: {closest}.", { closest: closest(answer) }),
  unproven: () => t("Nothing is accepted: too few measured answers show how often this model is right."),
  unfamiliar: () => t("The picture is unlike what the model has learnt, so the answer may mean nothing."),
};

/** What the title and the picture say together. */
export function listed({ kinds, label, kind, decision: decided, reason: why }) {
  if (!kinds.length) return t("The title names no garment that is known, so the picture decides alone.");
  const values = { label: className(label), kind: kind ?? kinds.join(" / ") };
  if (decided === "accept") return t("Title and picture together: {label} ({kind}). Accept.", values);
  return `${t("Title and picture together: perhaps {label} ({kind}). Review.", values)} ${LISTED_REASONS[why]?.() ?? why}`;
}

/** The sentence for each reason that title and picture together may have. */
const LISTED_REASONS = {
  ambiguous: () => t("Several kinds fit, and no one is sure enough."),
  unproven: () => t("Too few measured answers show how often this model is right."),
  unfamiliar: () => t("The picture is unlike what the model has learnt."),
  list: () => t("Title and photo contradict each other."),
};

function closest(answer) {
  return Object.entries(answer.probabilities)
    .sort(([, one], [, other]) => other - one)
    .slice(0, 2)
    .map(([label, share]) => `${className(label)} ${percent(share)}`)
    .join(", ");
}

/** What a heat map shows, in a sentence; the probabilities are those of the answer that it explains. */
export function explained({ label, drops }, probabilities) {
  const largest = Math.max(...drops.flat());
  const row = drops.findIndex((values) => values.includes(largest));
  const whole = probabilities[label];
  const values = { label: className(label), whole: percent(whole), covered: percent(Math.max(whole - Math.max(largest, 0), 0)) };
  if (largest < NOTICEABLE) {
    return t("No single part decides on {label}: its probability is {whole}, and whichever part is covered, at least {covered}.", values);
  }
  const place = [thirdOf(row, drops.length, "top", "bottom"), thirdOf(drops[row].indexOf(largest), drops[row].length, "left", "right")];
  const named = t(`the ${place.filter(Boolean).join(" ") || "middle"}`);
  return t("The strongest sign of {label} is {place}: if it is covered, the probability falls from {whole} to {covered}.", {
    ...values,
    place: named,
  });
}

function thirdOf(index, length, first, last) {
  if (index < length / 3) return first;
  return index >= (2 * length) / 3 ? last : "";
}

/** The operator's own category of an answer: "Trousers, 5107"; empty where there are none. */
export function category({ category, label }) {
  if (!category) return "";
  return [category.name === className(label) ? "" : category.name, category.id].filter(Boolean).join(", ");
}

/** How sure the model is: of a picture unlike those that it has learnt, nothing but which class is nearest. */
export function sureness(answer) {
  if (shown(answer).isKind) return t("{percent} sure", { percent: percent(shown(answer).confidence) });
  if (answer.reason === "unfamiliar") return t("the nearest class: {percent}", { percent: percent(answer.confidence) });
  return t("{percent} sure", { percent: percent(answer.confidence) });
}

/** What the familiarity of a picture means: it is a rank. Empty where the model measures none. */
export function familiarity(answer) {
  if (answer.familiarity === null) return "";
  const less = Math.round(answer.familiarity * 100);
  const values = { familiarity: TWO_PLACES.format(answer.familiarity), less };
  if (less === 1) return t("Familiarity {familiarity}: of 100 pictures that the model was checked on, 1 looks less typical.", values);
  return t("Familiarity {familiarity}: of 100 pictures that the model was checked on, {less} look less typical.", values);
}

/** What opens the rest of the probabilities. */
export function more(classes) {
  return t("All {classes}, and how typical it looks", { classes: count(classes, "class", "classes") });
}

/** The state of a picture without an answer. */
export function state(item) {
  switch (item.state) {
    case "waiting":
      return t("Waiting for its turn");
    case "sending":
      return t("Sending {share}", { share: PERCENT.format(Math.round(item.sent * 100) / 100) });
    case "thinking":
      return t("Sent; the model is looking");
    case "held":
      return `${item.trouble.title}. ${t("Trying again in {seconds}", { seconds: count(item.seconds, "second") })}`;
    case "offline":
      return t("You are offline. This goes on as soon as you are back");
    case "locked":
      return t("Waiting for an API key");
    case "stopped":
      return t("Stopped before it was answered");
    case "failed":
      return item.trouble.title;
    default:
      return "";
  }
}

/** An answer as a screen reader announces it. */
export function spoken(item) {
  if (item.state === "failed") return `${item.path}: ${item.trouble.title}. ${item.trouble.detail}`;
  if (item.state !== "done") return `${item.path}: ${state(item)}.`;
  const { answer } = item;
  return `${item.path}: ${headline(answer)}, ${percent(shown(answer).confidence)}. ${decision(answer)}. ${reason(answer)}`;
}

/** "5 pictures: 2 accepted, and 1 more by its kind alone, 1 to review, 1 failed". */
export function tally(items) {
  const of = (test) => items.filter(test).length;
  const decided = (decision) => of(({ answer }) => answer && shown(answer).decision === decision);
  const parts = [
    [decided("accept"), "{number} accepted"],
    [decided("kind"), byKind(decided("kind"), decided("accept") > 0)],
    [decided("review"), "{number} to review"],
    [of((item) => item.state === "failed"), "{number} failed"],
    [of((item) => !item.answer && item.state !== "failed"), "{number} to come"],
  ];
  const named = parts.filter(([number]) => number > 0).map(([number, text]) => t(text, { number }));
  return `${count(items.length, "picture")}: ${named.join(", ")}`;
}

function byKind(number, isMore) {
  if (isMore) return number === 1 ? "and {number} more by its kind alone" : "and {number} more by their kind alone";
  return number === 1 ? "{number} accepted by its kind alone" : "{number} accepted by their kind alone";
}

/** How long the pictures that are to come take. */
export function timeLeft(seconds) {
  if (seconds < 60) return t("Less than a minute left.");
  return t("About {minutes} left.", { minutes: count(Math.round(seconds / 60), "minute") });
}
