// Classify pictures with Wardrobe, in a browser and in Node.js from 20.3: node classify.mjs URL PICTURE...
//
// In Node.js an API key is read from API_KEY, and from TITLE what the shop has written of one picture. Answers
// 429 and 503 are tried again, after the seconds that Retry-After says; any other refusal stays one.

const TRIES = 4;
const MILLISECONDS = 60_000; // for all tries together

/**
 * The service's answer about one File or Blob. Options: `key`, an API key; `signal`, of an AbortController;
 * `title`, what the shop has written, with which `listed` is what both say together.
 */
export async function classify(url, picture, options) {
  return post(`${url}/predict`, [picture], options);
}

/** An answer for each picture, in order; one that cannot be read has `error` in place of a label. */
export async function classifyBatch(url, pictures, options) {
  return (await post(`${url}/predict/batch`, pictures, options)).predictions;
}

async function post(url, pictures, { key, signal, title } = {}) {
  const body = new FormData();
  if (title) body.append("title", title);
  pictures.forEach((picture) => body.append("image", picture));
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const limit = AbortSignal.timeout(MILLISECONDS);
  const stop = signal ? AbortSignal.any([signal, limit]) : limit;
  const deadline = Date.now() + MILLISECONDS;
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { method: "POST", body, headers, signal: stop });
    if (answer.ok) return answer.json();
    const wait = 1000 * (Number(answer.headers.get("Retry-After")) || 2 ** attempt);
    const busy = answer.status === 429 || answer.status === 503;
    if (!busy || attempt === TRIES || Date.now() + wait >= deadline) {
      throw new Error(`${answer.status} ${await answer.text()}`);
    }
    await pause(wait, stop);
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

// The command; a page needs none of it.
if (globalThis.process?.argv[1]?.endsWith("classify.mjs")) {
  const { openAsBlob } = await import("node:fs");
  const { basename } = await import("node:path");
  const [url, ...paths] = process.argv.slice(2);
  if (!paths.length) {
    console.error("usage: node classify.mjs URL PICTURE...");
    process.exit(1);
  }
  const options = { key: process.env.API_KEY };
  try {
    const pictures = await Promise.all(paths.map(async (path) => new File([await openAsBlob(path)], basename(path))));
    const single = async () => [await classify(url, pictures[0], { ...options, title: process.env.TITLE })];
    const answers = await (pictures.length === 1 ? single() : classifyBatch(url, pictures, options));
    const one = ({ label, confidence, decision }) => `${label} ${confidence.toFixed(3)} ${decision}`;
    answers.forEach(({ error, attributes = {}, listed, ...answer }, index) => {
      const more = Object.entries(attributes).map(([name, found]) => `, ${name} ${one(found)}`);
      const both = listed ? `, with the title ${listed.kind ?? listed.label} ${listed.decision}` : "";
      const said = error ? error.detail : one(answer) + more.join("") + both;
      console.log(`${pictures[index].name}: ${said}`);
    });
  } catch (error) {
    console.error(error.cause?.code === "ECONNREFUSED" ? `${url} does not answer. Is it running?` : error.message);
    process.exitCode = 1;
  }
}
