// Renders the OpenAPI document with Swagger UI.
"use strict";

SwaggerUIBundle({
  url: document.getElementById("api-browser").dataset.document,
  dom_id: "#api-browser",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  docExpansion: "list",
  validatorUrl: null,
});
