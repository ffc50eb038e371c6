// The API key, where the service asks for one: kept until the tab is closed, sent to this service alone.

const NAME = "wardrobe.key";
let held = remembered();

/** The headers by which a request shows the key. */
export function keyHeaders() {
  return held ? { Authorization: `Bearer ${held}` } : {};
}

export function hasKey() {
  return held !== "";
}

export function keepKey(key) {
  held = key;
  withStorage((storage) => storage.setItem(NAME, key));
}

export function forgetKey() {
  held = "";
  withStorage((storage) => storage.removeItem(NAME));
}

function remembered() {
  return withStorage((storage) => storage.getItem(NAME)) ?? "";
}

/** What storage answers; null where the browser has none for us, and the key lives in this page alone. */
function withStorage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}
