// Creates passkeys and signs in with them. A form with `data-passkey` gets the answer of the browser.
"use strict";

(() => {
  if (!window.PublicKeyCredential) return;

  const decode = (text) => {
    const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  };

  const encode = (buffer) => {
    const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };

  const decodeIds = (list) => (list || []).map((each) => ({ ...each, id: decode(each.id) }));

  const create = async (options) => {
    const publicKey = {
      ...options,
      challenge: decode(options.challenge),
      user: { ...options.user, id: decode(options.user.id) },
      excludeCredentials: decodeIds(options.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    return {
      id: made.id,
      rawId: encode(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: encode(made.response.clientDataJSON),
        attestationObject: encode(made.response.attestationObject),
      },
      clientExtensionResults: made.getClientExtensionResults(),
    };
  };

  const get = async (options) => {
    const publicKey = {
      ...options,
      challenge: decode(options.challenge),
      allowCredentials: decodeIds(options.allowCredentials),
    };
    const found = await navigator.credentials.get({ publicKey });
    const { userHandle } = found.response;
    return {
      id: found.id,
      rawId: encode(found.rawId),
      type: found.type,
      response: {
        clientDataJSON: encode(found.response.clientDataJSON),
        authenticatorData: encode(found.response.authenticatorData),
        signature: encode(found.response.signature),
        userHandle: userHandle ? encode(userHandle) : null,
      },
      clientExtensionResults: {},
    };
  };

  const load = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const response = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()).request_options;
  };

  const answer = async (form) => {
    const note = form.querySelector("[data-passkey-note]");
    note.textContent = "";
    try {
      const { publicKey } = await load(form);
      const made = await (form.dataset.passkey === "create" ? create : get)(publicKey);
      form.elements.credential.value = JSON.stringify(made);
      form.submit();
    } catch (error) {
      // The browser has told the person why, for example that no passkey fits, or that it was canceled.
      const wasCanceled = error.name === "NotAllowedError" || error.name === "AbortError";
      const reason = error.name === "InvalidStateError" ? " This device has one already." : "";
      note.textContent = wasCanceled
        ? "No passkey was used. You can try again."
        : `The browser refused the passkey.${reason}`;
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    for (const part of form.querySelectorAll("[data-needs-script]")) part.hidden = false;
    for (const part of form.querySelectorAll("[data-without-script]")) part.hidden = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(form);
    });
  }
})();
