// The report page where the service asks for a key: a link cannot carry one, so it is fetched and shown here,
// at the address `#report`.

import { save } from "./saving.js";
import { fetched } from "./sending.js";

const HASH = "#report";

/** Show the report in place of the page. Throws a Trouble. */
export async function showReport(headers) {
  const response = await fetched("metrics", { ...headers, Accept: "text/html" });
  const report = new DOMParser().parseFromString(await response.text(), "text/html");
  const images = [...report.querySelectorAll("main img")].map((image) => [image, image.getAttribute("src")]);
  for (const [image] of images) image.removeAttribute("src");
  document.head.replaceWith(document.adoptNode(report.head));
  document.body.replaceWith(document.adoptNode(report.body));
  document.body.addEventListener("click", (event) => follow(event, headers));
  await Promise.allSettled(images.map(([image, address]) => showFigure(image, address, headers)));
}

/** Whether the address of this page is that of the report. */
export function isReport() {
  return location.hash === HASH;
}

/** Load the page again at the address of the report. */
export function goToReport() {
  location.hash = HASH;
  location.reload();
}

// Back to the page.
addEventListener("hashchange", () => {
  if (!location.hash) location.reload();
});

async function showFigure(image, address, headers) {
  const response = await fetched(address, headers);
  image.src = URL.createObjectURL(await response.blob());
}

/** A link to what asks for the key becomes a download. */
async function follow(event, headers) {
  const address = event.target.closest("a")?.getAttribute("href") ?? "";
  if (!address.startsWith("metrics")) return;
  event.preventDefault();
  if (address === "metrics") return;
  try {
    const response = await fetched(address, headers);
    save(await response.blob(), address.split("?")[0]);
  } catch {
    location.assign("./"); // the key is no longer valid, or the service is gone: the page says which
  }
}
