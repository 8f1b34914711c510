// What leaves the page as a file or by the clipboard for people to read; in the privacy mode with own addresses masked.

import { covered } from "./privacy";

/** Hands a file over. */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Hands a text over as a file. */
export const save = (text: string, name: string, kind: string): void => saveFile(new Blob([covered(text)], { type: kind }), name);

/** Puts a text into the clipboard; says whether it came there. */
export const copyText = async (text: string): Promise<boolean> => (await navigator.clipboard?.writeText(covered(text)).then(() => true, () => false)) ?? false;
