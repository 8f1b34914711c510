// What the reader chose, kept in this browser. Storage may be forbidden or full; then a choice lasts as long as the page.

/** Whether the reader wants notifications: what sends them is loaded only then. */
export const NOTICES_KEY = "wireglobe.notices";

/** What was kept under the key; null if nothing was, or nothing may be. */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // For this page only.
  }
}
