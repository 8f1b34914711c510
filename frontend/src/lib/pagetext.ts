// The words of the pages that are loaded when they are opened, in the reader's language: `language.ts` fills them in before a
// page is.

import type { pagesEn } from "../words/pages.en";

export type PageTexts = typeof pagesEn;

export const pageText = {} as PageTexts;
