// Starts Swagger UI on the contract of the service that sent this page, so that "Try it out" asks that one.
"use strict";

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null, // nobody else is told of this service
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});

// Swagger UI has a dark dress and leaves to its host when to wear it.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();
