// The language of the page: what somebody chose with the button, else what the link asks for, else the
// browser's. A choice tells `language` to whoever asks the server for screens.

import { page, screen } from "./fields.js";

const IDLE_LANGUAGE_MS = 60000;

// What somebody chose, and the session it belongs to once one begins.
let choice = null;
let idleTimer;
const linkLang = new URLSearchParams(location.search).get("lang");

// `null` for the browser's.
export const language = () => choice?.lang ?? linkLang;

// Pages on which somebody begins without a card.
export const TYPED_FIRST = ["sign-in", "ask-who", "engineer-password"];

// Nobody is there: also where the sign-in page shows by itself.
const nobody = () => page() === "idle" || (TYPED_FIRST.includes(page()) && screen().dataset.clears === "");

// A choice of language ends with the session it was made for, or after a while with nobody there.
// Whoever typed their way in goes on in a session of their own.
export function keepLanguage(before) {
  clearTimeout(idleTimer);
  if (!choice) return;
  if (nobody()) {
    if (choice.session !== null) return chooseLanguage(null);
    idleTimer = setTimeout(() => chooseLanguage(null), IDLE_LANGUAGE_MS);
  } else if (choice.session === null || TYPED_FIRST.includes(before)) {
    choice.session = screen().dataset.session;
  } else if (choice.session !== screen().dataset.session) {
    chooseLanguage(null);
  }
}

export function chooseLanguage(lang) {
  clearTimeout(idleTimer);
  choice = lang && { lang, session: nobody() ? null : screen().dataset.session };
  document.dispatchEvent(new Event("language"));
}
