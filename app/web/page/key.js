// The API key, where the service asks for one: kept until the tab is closed, sent to this service only.

const NAME = "wardrobe.key";
let held = remembered();

/** The headers of a request that carries the key. */
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

/** The result of `use`; null where storage is off, and the key lasts as long as the page. */
function withStorage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}
