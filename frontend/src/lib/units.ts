// How quantities are written, as the reader chose; stays in this browser. Rates in bits or bytes a second, volumes in steps of 1000
// (SI) or 1024 (IEC 80000-13), countries by code or flag.

import { drawAnew } from "./anew";
import { keep, kept } from "./storage";

const CHOICES = { rates: ["bits", "bytes"], volumes: ["si", "iec"], flags: ["off", "on"] } as const;
export type Choice = keyof typeof CHOICES;
type Option<C extends Choice> = (typeof CHOICES)[C][number];

const keyOf = (choice: Choice): string => `wireglobe.${choice}`;
function read<C extends Choice>(choice: C): Option<C> {
  const options: readonly Option<C>[] = CHOICES[choice];
  return options.find((option) => option === kept(keyOf(choice))) ?? CHOICES[choice][0];
}
const chosen: { -readonly [C in Choice]: Option<C> } = { rates: read("rates"), volumes: read("volumes"), flags: read("flags") };

export const CHOICE_NAMES = Object.keys(CHOICES) as readonly Choice[];
export const optionsOf = (choice: Choice): readonly string[] => CHOICES[choice];
export const unit = <C extends Choice>(choice: C): Option<C> => chosen[choice];

/** Chooses and draws the page anew; what is not an option changes nothing. */
export function choose(choice: Choice, option: string): void {
  const known = CHOICES[choice].find((each) => each === option);
  if (known === undefined) return;
  Object.assign(chosen, { [choice]: known });
  keep(keyOf(choice), known);
  drawAnew();
}
