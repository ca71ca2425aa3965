// The panel's page. The server renders every screen; this file swaps them in, sends what is
// pressed, and does what only the page can do: the line before the page clears, and saying that the
// service is lost. Fields and the on-screen keyboard are typing.js, fingers are touch.js.

import { byFinger, moved } from "./touch.js";
import {
  aim, byId, fields, focusFirst, focusOn, keyboardClose, keyboardKeeps, keyboardOpen, keyboardShown,
  nextField, openFields, press, takesFinger,
} from "./typing.js";

const LOST_AFTER_MS = 2500; // the server says something each second
const FORGET_AFTER_MS = 10000; // a server that only stalls costs nobody what they typed
const ASLEEP_MS = 1000;
const CLEARS_LINE_MS = 10000;
const TOUCH_EVERY_MS = 1000;
const IDLE_LANGUAGE_MS = 60000;

const say = document.getElementById("say");
let screen = byId("screen");
let page = () => screen.dataset.page;

// --- events ------------------------------------------------------------------------------

let source;
let heardAt = performance.now();
let lost = false;
let broken = false; // the stream ended, and no screen came since
let forgotten = false; // lost, and what was typed is cleared
// The language somebody chose with the button, and the session it belongs to once one begins.
let choice = null;
let idleTimer;
// The language that the link asks for, else the browser's.
const linkLang = new URLSearchParams(location.search).get("lang");

function connect() {
  source?.close();
  const url = new URL("/events", location.href);
  url.searchParams.set("station", screen.dataset.station);
  const lang = choice?.lang ?? linkLang;
  if (lang) url.searchParams.set("lang", lang);
  const own = (source = new EventSource(url));
  const on = (name, act) =>
    own.addEventListener(name, (event) => {
      if (own !== source) return;
      heardAt = performance.now();
      // Heard again on the same stream: what is shown now has to be asked for.
      if (lost && name !== "screen") connect();
      else act(event.data);
    });
  on("screen", show);
  on("clears", clears);
  on("ping", () => {});
  // The browser reconnects by itself unless the answer was a refusal.
  own.onerror = () => {
    if (own !== source) return;
    broken = true;
    if (own.readyState === EventSource.CLOSED) setTimeout(askWhy, 1000);
  };
}

async function askWhy() {
  try {
    const answer = await fetch(location.pathname, { method: "HEAD" });
    if (answer.status >= 400 && answer.status < 500) return location.reload();
  } catch {
    // still away
  }
  connect();
}

let lookedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  // Where this page itself slept, what was said meanwhile is still to be heard.
  if (now - lookedAt > ASLEEP_MS) heardAt = now;
  lookedAt = now;
  const quiet = now - heardAt;
  if (!lost && quiet >= LOST_AFTER_MS) {
    lost = true;
    forgotten = false;
    keyboardClose();
    clears("");
    for (const part of screen.querySelectorAll("main, .quiet")) part.hidden = true;
    screen.querySelector(".who")?.replaceChildren();
    byId("lost").hidden = false;
    announce(byId("lost"));
  }
  if (lost && !forgotten && (broken || quiet >= FORGET_AFTER_MS)) {
    forgotten = true;
    for (const input of fields()) input.value = "";
    typedRecord = null;
  }
}, 250);

// --- screens -----------------------------------------------------------------------------

let announced = "";
// What was typed on the page of one's own record, while it is being stored.
let typedRecord = null;

function announce(part) {
  const words = [...part.querySelectorAll("[data-say]")].map((e) => e.textContent.trim()).join(" ");
  const key = screen.dataset.session + words;
  if (key === announced) return;
  announced = key;
  say.textContent = words;
}

function show(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const next = holder.content.firstElementChild;
  if (next.dataset.assets !== screen.dataset.assets) return location.reload();

  const same =
    !(lost && forgotten) && next.dataset.page === page() && next.dataset.session === screen.dataset.session;
  const before = page();
  const tapped = before !== next.dataset.page && (before === "idle" || before.startsWith("notice"));
  const code = (of) => of.querySelector("[data-code]")?.textContent;
  const newProblem = code(next) !== code(screen);
  const focused = document.activeElement;
  const kept = same ? fields().map((i) => [i.id, i.value, i.selectionStart, i.selectionEnd]) : [];
  const opened = same ? [...screen.querySelectorAll("details[open]")] : [];
  const source = same ? screen.querySelector("[data-source]:checked")?.id : null;

  lost = false;
  broken = false;
  held = null;
  screen.replaceWith(next);
  screen = next;
  if (!same) moved();
  document.documentElement.lang = screen.lang;
  document.title = screen.dataset.title;
  for (const [id, value, start, end] of kept) {
    const input = byId(id);
    if (!input) continue;
    input.value = value;
    input.setSelectionRange(start, end);
  }
  for (const { id } of opened) if (byId(id)) byId(id).open = true;
  if (source && byId(source)) byId(source).checked = true;
  if (!same) recallRecord();
  const again = same && !newProblem && focused?.id && byId(focused.id);
  if (again) again.focus({ preventScroll: true });
  else focusFirst();
  if (same && keyboardShown()) keyboardOpen();
  else keyboardClose();
  announce(screen.querySelector("main"));
  clears(screen.dataset.clears);
  const pressed = page() === "idle" || TYPED_FIRST.includes(page());
  if (tapped && !pressed && "sound" in screen.dataset) chime();
  keepLanguage(before);
}

// A password that was wrong must not cost the name that was typed beside it. The fields' own values
// stay what is stored, for the button that restores them.
function recallRecord() {
  if (page() === "saving") return;
  if (page() === "own-record" && typedRecord?.session === screen.dataset.session) {
    for (const [id, value] of typedRecord.values) if (byId(id)) byId(id).value = value;
  }
  typedRecord = null;
}

// Pages on which somebody begins without a card.
const TYPED_FIRST = ["sign-in", "ask-who", "engineer-password"];

// Nobody is there: also where the sign-in page shows by itself.
const nobody = () => page() === "idle" || (TYPED_FIRST.includes(page()) && screen.dataset.clears === "");

// A choice of language ends with the session it was made for, or after a while with nobody there.
// Whoever typed their way in goes on in a session of their own.
function keepLanguage(before) {
  clearTimeout(idleTimer);
  if (!choice) return;
  if (nobody()) {
    if (choice.session !== null) return chooseLanguage(null);
    idleTimer = setTimeout(() => chooseLanguage(null), IDLE_LANGUAGE_MS);
  } else if (choice.session === null || TYPED_FIRST.includes(before)) {
    choice.session = screen.dataset.session;
  } else if (choice.session !== screen.dataset.session) {
    chooseLanguage(null);
  }
}

function chooseLanguage(lang) {
  clearTimeout(idleTimer);
  choice = lang && { lang, session: nobody() ? null : screen.dataset.session };
  connect();
}

// The line that shrinks: `ms` is the time left, "" for never. It shows in the last seconds only, of
// a short time in its second half.
let clearsTimer;
function clears(ms) {
  clearTimeout(clearsTimer);
  const line = byId("clears");
  line.hidden = true;
  screen.dataset.clears = ms;
  if (ms === "") return;
  const left = Number(ms);
  const rest = Math.min(left / 2, CLEARS_LINE_MS);
  clearsTimer = setTimeout(() => {
    line.hidden = false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    line.lastElementChild.animate(
      [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }],
      { duration: rest, fill: "forwards", easing: calm ? "steps(10)" : "linear" },
    );
  }, left - rest);
}

let audio;
function chime() {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.18);
  tone.frequency.value = 880;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.2);
}

// --- what is pressed ---------------------------------------------------------------------

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
  const before = screen;
  const sent = new FormData(form, event.submitter);
  if (sent.get("do") === "save-own") {
    const values = fields(form).filter((i) => !("secret" in i.dataset)).map((i) => [i.id, i.value]);
    typedRecord = { session: screen.dataset.session, values };
  }
  const secrets = openFields().filter((i) => "secret" in i.dataset && form.contains(i));
  for (const secret of secrets) secret.value = "";
  // Whatever the answer is, it must be seen.
  if (fields(form).length > 0) keyboardClose();
  try {
    const answer = await post(form.getAttribute("action"), sent);
    const output = form.querySelector("output");
    if (output) output.textContent = answer.text;
    else if (answer.html) show(answer.html);
    else if (secrets.length > 0 && screen === before) focusOn(secrets[0]);
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
    press(target, event.pointerType !== "");
  }
});

// Anything somebody does here keeps the page open.
let touchedAt = -TOUCH_EVERY_MS;
function touched() {
  const now = performance.now();
  if (screen.dataset.clears === "" || now - touchedAt < TOUCH_EVERY_MS) return;
  touchedAt = now;
  const { station, session } = screen.dataset;
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
  if (!button) return;
  button.setAttribute("aria-pressed", String(down));
  for (const secret of screen.querySelectorAll("[data-secret]")) secret.type = down ? "text" : "password";
}

focusFirst();
announce(screen.querySelector("main"));
clears(screen.dataset.clears);
connect();
