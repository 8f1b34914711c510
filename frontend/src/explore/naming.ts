// Names put together: of a graph, and of a dimension within a sentence.

import { language } from "../lib/language";

const small = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** As it stands within a sentence: country, network (AS), VLAN; German nouns stay large. */
export const within = (name: string): string => (language() !== "de" && /^\p{Lu}\p{Ll}/u.test(name) ? small(name) : name);

/** What a graph is called: Country, source, last 24 h. `preset`: the range has a name that can be written small in any language. */
export const graphTitle = (dimension: string, side: string, range: string, preset: boolean): string => [dimension, within(side), preset ? small(range) : range].filter(Boolean).join(", ");
