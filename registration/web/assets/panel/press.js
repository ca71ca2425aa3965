// What is pressed: forms are sent, keys type, and holding a button shows a password.

import { byId, fields, focusOn, nextField, openFields, screen } from "./fields.js";
import {
  aim, keyboardClose, keyboardKeeps, keyboardOpen, keyboardShown, pressKey, takesFinger,
} from "./keyboard.js";
import { chooseLanguage } from "./language.js";
import { keepRecord } from "./record.js";
import { show } from "./screens.js";
import { byFinger } from "./touch.js";

const TOUCH_EVERY_MS = 1000;

async function post(path, fields) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Kazasu-Fragment": "1" },
    body: new URLSearchParams(fields),
  });
  const text = await answer.text();
  if (answer.status === 403) location.reload();
  return { html: answer.headers.get("Content-Type")?.startsWith("text/html") ? text : null, text };
}

const busy = new WeakSet(); // forms whose answer is due: pressed twice is pressed once
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (busy.has(form)) return;
  busy.add(form);
  const before = screen();
  const sent = new FormData(form, event.submitter);
  if (sent.get("do") === "save-own") keepRecord(form);
  const secrets = openFields().filter((i) => "secret" in i.dataset && form.contains(i));
  for (const secret of secrets) secret.value = "";
  // Whatever the answer is, it must be seen.
  if (fields(form).length > 0) keyboardClose();
  try {
    const answer = await post(form.getAttribute("action"), sent);
    const output = form.querySelector("output");
    if (output) output.textContent = answer.text;
    else if (answer.html) show(answer.html);
    else if (secrets.length > 0 && screen() === before) focusOn(secrets[0]);
  } catch {
    // The service is away: the page says so by itself.
  } finally {
    busy.delete(form);
  }
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("#language, #keyboard-open, .key, .field input");
  if (!target) return;
  if (target.matches("input")) {
    // Not before: the click of a touch goes to what is under the finger when it is lifted.
    if (byFinger() || keyboardShown()) keyboardOpen();
  } else if (target.id === "language") {
    event.preventDefault();
    chooseLanguage(target.hreflang);
  } else if (target.id === "keyboard-open") {
    if (keyboardShown()) keyboardClose();
    else keyboardOpen(!event.pointerType);
  } else {
    // A finger that hits a key leaves the caret in the field; who tabs through the keys stays.
    pressKey(target, event.pointerType !== "");
  }
});

// Anything somebody does here keeps the page open.
let touchedAt = -TOUCH_EVERY_MS;
function touched() {
  const now = performance.now();
  if (screen().dataset.clears === "" || now - touchedAt < TOUCH_EVERY_MS) return;
  touchedAt = now;
  const { station, session } = screen().dataset;
  post("/act", { station, session, do: "touch" }).catch(() => {});
}

document.addEventListener("pointerdown", (event) => {
  touched();
  // Keys and holding buttons leave the focus in the field, and so does whatever is beside them.
  const keeps = event.target.closest(".key, #keyboard-open, #show-password");
  if (keeps || keyboardKeeps(event.target)) event.preventDefault();
  takesFinger(event);
  if (event.target.closest("#show-password")) hold(true);
});
for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, () => hold(false));
document.addEventListener("focusout", (event) => event.target.id === "show-password" && hold(false));

document.addEventListener("keydown", (event) => {
  touched();
  if (event.target.id === "show-password" && [" ", "Enter"].includes(event.key)) {
    event.preventDefault();
    hold(true);
  } else if (event.target.matches(".field input") && event.key === "Enter" && !event.isComposing) {
    const next = nextField(event.target);
    if (!next) return;
    event.preventDefault();
    aim(next);
    focusOn(next);
  } else if (event.key === "Escape" && keyboardShown()) {
    keyboardClose();
  }
});
document.addEventListener("keyup", (event) => event.target.id === "show-password" && hold(false));

let held = null;
function hold(down) {
  const button = down ? byId("show-password") : held;
  held = down ? button : null;
  // With another screen its button is another one.
  if (!button?.isConnected) return;
  button.setAttribute("aria-pressed", String(down));
  for (const secret of screen().querySelectorAll("[data-secret]")) secret.type = down ? "text" : "password";
}
