// The panel's page. The server renders every screen; this file swaps them in, sends what is
// pressed, and does what only the page can do: the on-screen keyboard, hints while typing, the
// line before the page clears, and saying that the service is lost.

const LOST_AFTER_MS = 2500; // the server says something each second
const FORGET_AFTER_MS = 10000; // a server that only stalls costs nobody what they typed
const ASLEEP_MS = 1000;
const CLEARS_LINE_MS = 10000;
const TOUCH_EVERY_MS = 1000;
const IDLE_LANGUAGE_MS = 60000;

const say = document.getElementById("say");
const byId = (id) => document.getElementById(id);
let screen = byId("screen");
let page = () => screen.dataset.page;
// The text fields, and those of them that can be seen.
const fields = (of = screen) => [...of.querySelectorAll(".field input")];
const openFields = () => {
  const unfolded = byId("change-password");
  return fields(unfolded?.open ? unfolded : screen).filter((i) => !i.closest("details:not([open])"));
};

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
  if (same && keyboardShown) keyboardOpen();
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

// The line that shrinks: `ms` is the time left, "" for never.
let clearsTimer;
function clears(ms) {
  clearTimeout(clearsTimer);
  const line = byId("clears");
  line.hidden = true;
  screen.dataset.clears = ms;
  if (ms === "") return;
  const left = Number(ms);
  clearsTimer = setTimeout(() => {
    const rest = Math.min(left, CLEARS_LINE_MS);
    line.hidden = false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    line.lastElementChild.animate(
      [{ transform: `scaleX(${rest / CLEARS_LINE_MS})` }, { transform: "scaleX(0)" }],
      { duration: rest, fill: "forwards", easing: calm ? "steps(10)" : "linear" },
    );
  }, Math.max(0, left - CLEARS_LINE_MS));
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
  const target = event.target.closest("#language, #keyboard-open, .key");
  if (!target) return;
  if (target.id === "language") {
    event.preventDefault();
    chooseLanguage(target.hreflang);
  } else if (target.id === "keyboard-open") {
    if (keyboardShown) keyboardClose();
    else keyboardOpen(!event.pointerType);
  } else {
    press(target);
    // A finger that hits a key leaves the caret in the field; who tabs through the keys stays.
    if (event.pointerType && keyboardShown) focusOn(field);
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
  // Keys and holding buttons leave the focus in the field.
  if (event.target.closest(".key, #keyboard-open, #show-password")) event.preventDefault();
  const touchedField = event.target.closest(".field input");
  if (touchedField && event.pointerType === "touch") {
    touchedField.focus();
    keyboardOpen();
  }
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
  } else if (event.key === "Escape" && keyboardShown) {
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

// --- hints while typing: the rules themselves come from the server as data ------------------

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!("max" in input.dataset)) return;
  hint(input);
  const again = screen.querySelector(`[data-same-as="${input.id}"]`);
  if (again?.value) hint(again);
});

function hint(input) {
  const words = input.dataset;
  const signs = [...input.value];
  const length = "bytes" in words ? new TextEncoder().encode(input.value).length : signs.length;
  const forbidden = signs.find((s) => words.forbidden?.includes(s));
  let broken = "";
  if (words.sayAscii && signs.some((s) => s < " " || s > "~")) broken = words.sayAscii;
  else if (forbidden) broken = words.sayForbidden.replace("\uFFFC", forbidden);
  else if (words.first && signs[0] === words.first) broken = words.sayFirst;
  else if (length > Number(words.max)) broken = words.sayLength;
  else if (words.sameAs && !byId(words.sameAs).value.startsWith(input.value)) broken = words.saySame;
  byId(`${input.id}-broken`).textContent = broken;
  input.setAttribute("aria-invalid", String(broken !== ""));
}

// The fields get their old values only after this event.
document.addEventListener("reset", () => setTimeout(() => fields().forEach(hint)));

// --- on-screen keyboard ----------------------------------------------------------------------

let keyboardShown = false;
let field = null; // where the keys go
let layer = "base";

document.addEventListener("focusin", (event) => {
  if (event.target.matches(".field input")) aim(event.target);
});

function aim(input) {
  field = input;
  for (const other of fields()) {
    other.classList.toggle("aimed", keyboardShown && other === input);
  }
  if (keyboardShown) label();
}

// Where Enter goes: to the next field that is empty; null where the form is ready to be sent.
function nextField(input) {
  const open = openFields();
  return open.slice(open.indexOf(input) + 1).find((other) => other.value === "") ?? null;
}

function focusOn(input) {
  input.focus({ preventScroll: true });
}

// What the server wants to have the focus; in a field, behind what is there.
function focusFirst() {
  const first = screen.querySelector("[data-focus]");
  if (!first) return;
  focusOn(first);
  if (first.matches("input")) first.setSelectionRange(first.value.length, first.value.length);
}

// Whoever came here with the Tab key gets the first key, and the keys go to the first empty field:
// on the way here the focus passed both.
function keyboardOpen(byTab = false) {
  const keyboard = byId("keyboard");
  if (!keyboard) return;
  keyboardShown = true;
  for (const input of fields()) input.inputMode = "none";
  keyboard.hidden = false;
  screen.classList.add("typing");
  byId("keyboard-open").setAttribute("aria-expanded", "true");
  if (byTab) {
    aim(openFields().find((input) => input.value === "") ?? openFields().at(-1));
    focusOn(keyboard.querySelector(".key"));
  } else {
    aim(openFields().find((input) => input.id === field?.id) ?? openFields()[0]);
    if (!keyboard.contains(document.activeElement)) focusOn(field);
  }
}

function keyboardClose() {
  keyboardShown = false;
  layer = "base";
  const keyboard = byId("keyboard");
  if (!keyboard) return;
  const inside = keyboard.contains(document.activeElement);
  keyboard.hidden = true;
  for (const input of fields()) {
    input.inputMode = "";
    input.classList.remove("aimed");
  }
  screen.classList.remove("typing");
  byId("keyboard-open").setAttribute("aria-expanded", "false");
  if (inside) focusOn(byId("keyboard-open"));
}

function label() {
  for (const key of screen.querySelectorAll(".key[data-base]")) {
    const sign = key.dataset[layer];
    key.textContent = sign;
    key.disabled = field?.dataset.forbidden?.includes(sign) ?? false;
  }
  for (const key of screen.querySelectorAll(".key[data-layer]")) {
    key.setAttribute("aria-pressed", String(key.dataset.layer === layer));
  }
}

function press(key) {
  const { does, layer: wanted } = key.dataset;
  if (wanted) {
    layer = layer === wanted ? "base" : wanted;
    label();
  } else if (does === "close") {
    keyboardClose();
  } else if (does === "enter") {
    enter();
  } else {
    const [start, end] = [field.selectionStart, field.selectionEnd];
    if (does !== "backspace") field.setRangeText(key.dataset[layer] ?? " ", start, end, "end");
    else field.setRangeText("", start === end ? Math.max(0, start - 1) : start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (layer === "shift") {
      layer = "base";
      label();
    }
  }
}

function enter() {
  const next = nextField(field);
  if (next) aim(next);
  else byId("submit").click();
}

focusFirst();
announce(screen.querySelector("main"));
clears(screen.dataset.clears);
connect();
