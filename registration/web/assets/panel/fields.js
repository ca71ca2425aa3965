// The screen and its text fields, and where the focus is.

export const byId = (id) => document.getElementById(id);
export const screen = () => byId("screen");
export const page = () => screen().dataset.page;

// The text fields, and those of them that can be seen.
export const fields = (of = screen()) => [...of.querySelectorAll(".field input")];
export const openFields = () => {
  const unfolded = byId("change-password");
  const of = unfolded?.open ? unfolded : screen();
  return fields(of).filter((input) => !input.closest("details:not([open])"));
};

// Where Enter goes: to the next field that is empty; null where the form is ready to be sent.
export function nextField(input) {
  const open = openFields();
  return open.slice(open.indexOf(input) + 1).find((other) => other.value === "") ?? null;
}

export function focusOn(input) {
  input.focus({ preventScroll: true });
}

// What the server wants to have the focus; in a field, behind what is there.
export function focusFirst() {
  const first = screen().querySelector("[data-focus]");
  if (!first) return;
  focusOn(first);
  if (first.matches("input")) first.setSelectionRange(first.value.length, first.value.length);
}
