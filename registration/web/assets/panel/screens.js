// Screens: the server renders each of them, this puts it in the place of the one before and keeps what
// somebody typed or opened there. And what is shown while the service is lost.

import { clears } from "./clears.js";
import { byId, fields, focusFirst, page, screen } from "./fields.js";
import { keyboardClose, keyboardOpen, keyboardShown } from "./keyboard.js";
import { keepLanguage, TYPED_FIRST } from "./language.js";
import { forgetRecord, recallRecord } from "./record.js";
import { moved } from "./touch.js";

const say = byId("say");
// What this page knows of the service: whether it is lost, whether the stream ended and no screen came
// since, and whether what was typed is cleared.
export const service = { lost: false, broken: false, forgotten: false };
let announced = "";

export function announce(part) {
  const words = [...part.querySelectorAll("[data-say]")].map((e) => e.textContent.trim()).join(" ");
  const key = screen().dataset.session + words;
  if (key === announced) return;
  announced = key;
  say.textContent = words;
}

export function show(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const next = holder.content.firstElementChild;
  if (next.dataset.assets !== screen().dataset.assets) return location.reload();

  const same =
    !(service.lost && service.forgotten) &&
    next.dataset.page === page() &&
    next.dataset.session === screen().dataset.session;
  const before = page();
  const tapped = before !== next.dataset.page && (before === "idle" || before.startsWith("notice"));
  const code = (of) => of.querySelector("[data-code]")?.textContent;
  const newProblem = code(next) !== code(screen());
  const focused = document.activeElement;
  const kept = same ? fields().map((i) => [i.id, i.value, i.selectionStart, i.selectionEnd]) : [];
  const opened = same ? [...screen().querySelectorAll("details[open]")] : [];
  const source = same ? screen().querySelector("[data-source]:checked")?.id : null;

  Object.assign(service, { lost: false, broken: false });
  screen().replaceWith(next);
  if (!same) moved();
  document.documentElement.lang = screen().lang;
  document.title = screen().dataset.title;
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
  announce(screen().querySelector("main"));
  clears(screen().dataset.clears);
  const pressed = page() === "idle" || TYPED_FIRST.includes(page());
  if (tapped && !pressed && "sound" in screen().dataset) chime();
  keepLanguage(before);
}

export function lose() {
  Object.assign(service, { lost: true, forgotten: false });
  keyboardClose();
  clears("");
  for (const part of screen().querySelectorAll("main, .quiet")) part.hidden = true;
  screen().querySelector(".who")?.replaceChildren();
  byId("lost").hidden = false;
  announce(byId("lost"));
}

export function forget() {
  service.forgotten = true;
  for (const input of fields()) input.value = "";
  forgetRecord();
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
