// What changes every word or figure on the page (language, units, privacy) has it drawn anew; the store and its connection stay.

let draw: () => void = () => undefined;

/** How the page is drawn anew; said once, by what starts it. */
export const drawnBy = (how: () => void): void => void (draw = how);

export const drawAnew = (): void => draw();
