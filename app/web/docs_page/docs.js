// Start Swagger UI on the contract of the service that sent this page, so that requests go to that service.
"use strict";

const COMPATIBILITY = ["TensorFlow Serving", "Open Inference Protocol v2", "SageMaker"];

const ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null, // sends the contract to no other server
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  onComplete: open,
});

// Show the upload of /predict, and collapse the routes of other servers' protocols, unless a link names one.
function open() {
  if (location.hash) return;
  for (const tag of COMPATIBILITY) ui.layoutActions.show(["operations-tag", tag], false);
  ui.layoutActions.show(["operations", "Classify", "predict"], true);
}

// Swagger UI has dark colours and leaves it to its host when to use them.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

// Swagger UI leaves fields without a label, and puts links into buttons (WCAG 2.2, 1.3.1 and 4.1.2).
function mend() {
  for (const link of document.querySelectorAll(".opblock-summary-control a[href]")) link.removeAttribute("href");
  for (const field of document.querySelectorAll(":is(input, select, textarea):not([aria-label])")) {
    field.setAttribute("aria-label", named(field));
  }
}

function named(field) {
  const parameter = field.closest("[data-param-name]")?.dataset.paramName ?? field.closest("[data-property-name]")?.dataset.propertyName;
  if (parameter) return parameter;
  const status = field.closest("[data-code]")?.dataset.code;
  return status ? `Answer with status ${status}` : "Request body";
}

new MutationObserver(mend).observe(document.getElementById("contract"), { childList: true, subtree: true });
