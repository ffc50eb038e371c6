// What the service's problem types mean, in the reader's language: the API's own words are English, for programmers.

import { LANGUAGE, t } from "./translate.js";

const PREFIX = "urn:wardrobe:problem:";

const MEANINGS = {
  "bad-request": [t("Bad request"), t("The service could not read this request.")],
  unauthorized: [t("No valid API key"), t("The service does not know this key.")],
  "too-large": [t("Too large"), t("The picture has more bytes or pixels than this service takes.")],
  "unknown-format": [t("Not a picture that is read here"), t("The page names the formats that are read.")],
  "broken-picture": [t("Broken picture"), t("The file is damaged or was cut short. Save it again, or choose another one.")],
  "too-many-requests": [t("Too many requests"), t("This client has used up its rate limit for now.")],
  busy: [t("Busy"), t("The service has more pictures to look at than it can take.")],
  "not-ready": [t("Not ready"), t("The service is starting or stopping.")],
  internal: [t("Internal error"), t("The service has failed. Try again; if it stays, tell its operator the request.")],
};

/** Title and detail of a problem document for a reader; in English its own words, which say more. */
export function meaning({ type, status, title, detail }) {
  if (LANGUAGE === "en") return [title, detail];
  return MEANINGS[String(type).replace(PREFIX, "")] ?? MEANINGS[status >= 500 ? "internal" : "bad-request"];
}
