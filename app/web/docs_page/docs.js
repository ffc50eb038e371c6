// Start Swagger UI on the contract of the service that sent this page, so that requests go to that service.
"use strict";

const COMPATIBILITY = ["TensorFlow Serving", "Open Inference Protocol v2", "SageMaker"];

// Swagger UI fills the fields of a form with samples, such as the title "string", and sends those that are empty.
// Its own components are wrapped: a field begins empty, and an empty field is not sent.
const emptyForms = {
  wrapComponents: {
    JsonSchemaForm:
      (Original, { React }) =>
      (props) =>
        // `false` empties the field when it appears; without the property it is no field of a form's body.
        React.createElement(Original, { ...props, ...(props.dispatchInitialValue && !props.required && { dispatchInitialValue: false }) }),
    ParameterIncludeEmpty: () => () => null,
  },
};

// Each route has up to fifteen statuses with their schemas: they are folded, and the answer to a request is not.
const foldedResponses = {
  wrapComponents: {
    responses:
      (Original, { React }) =>
      (props) => {
        const [isOpen, setOpen] = React.useState(false);
        const toggle = { type: "button", className: "btn fold", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen) };
        const button = React.createElement("button", toggle, isOpen ? "Fold the responses" : "Show all responses");
        const className = isOpen ? "documented" : "documented folded";
        return React.createElement("div", { className }, button, React.createElement(Original, props));
      },
  },
};

const ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [() => emptyForms, () => foldedResponses],
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

const HEADINGS = { 2: ".opblock-tag, .models > h4", 3: ":is(.opblock, .callbacks) h4", 4: ".headers__title" };
const LANDMARKS = { ".information-container": "About the contract", ".scheme-container": "Servers", ".models": "Schemas" };

// Swagger UI leaves fields without a label, puts links into buttons, skips a level of headings, and has only its
// routes in a landmark (WCAG 2.2, 1.3.1 and 4.1.2).
function mend() {
  for (const [level, headings] of Object.entries(HEADINGS)) {
    for (const heading of document.querySelectorAll(headings)) heading.setAttribute("aria-level", level);
  }
  for (const [part, name] of Object.entries(LANDMARKS)) {
    const element = document.querySelector(part);
    element?.setAttribute("role", "region");
    element?.setAttribute("aria-label", name);
  }
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
