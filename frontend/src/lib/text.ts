// The words of the first screen and of the alerts in the reader's language: `language.ts` fills them in before anything is
// shown. The objects stay the same when the language changes, so parts of them may be kept.

import type { en } from "../words/en";

export type Texts = typeof en;

export const text = {} as Texts;
