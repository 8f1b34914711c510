// Which key presses are commands of the page, and which are somebody writing or a dialog's own.

/** Somebody writes or chooses in a field. */
export const writing = ({ target }: Event): boolean => target instanceof HTMLInputElement && target.type !== "checkbox" || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;

/** Ctrl+K or ⌘K, from anywhere but a dialog. */
export const opensPalette = (event: KeyboardEvent): boolean =>
  event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && document.querySelector("dialog[open]") === null;

/** A plain key, meant for the page. */
export const command = (event: KeyboardEvent): boolean =>
  !writing(event) && !event.ctrlKey && !event.metaKey && !event.altKey && document.querySelector("dialog[open]") === null;
