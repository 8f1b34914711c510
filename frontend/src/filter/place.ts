// Where in a filter the caret stands: what is being typed there, and what can stand there. Looks at the words before the caret
// only; what the language makes of the whole is the server's to say.

import { WORDS, type ValueKind } from "./words";

export type Expected = { kind: "question" } | { kind: "value"; of: ValueKind } | { kind: "join" };

export interface Place {
  /** What is typed so far, and where it begins. */
  partial: string;
  from: number;
  expected: Expected;
  /** The kind of the last value: `port 80 or …` asks for ports again. */
  again: ValueKind | null;
}

const TOKEN = /\(|\)|&&|\|\||!(?!=)|[^\s()!&|]+/g;
const BREAK = /[\s()!]/;
/** After these a question goes on. */
const OPENERS: readonly string[] = ["(", "and", "or", "not", "!", "&&", "||", "src", "dst", "inner", "outer", "ether"];
const PROTOCOLS: readonly string[] = ["tcp", "udp", "sctp", "icmp", "icmp6", "ip", "ip6", "arp", "igmp", "vlan", "broadcast", "multicast"];

const valueOf = (word: string): ValueKind | null => (Object.hasOwn(WORDS, word) ? WORDS[word as keyof typeof WORDS] : null);

export function placeAt(text: string, caret: number): Place {
  let from = caret;
  while (from > 0 && !BREAK.test(text[from - 1] ?? "")) from -= 1;
  let expected: Expected = { kind: "question" };
  let again: ValueKind | null = null;
  let before = "";
  for (const [token] of text.slice(0, from).matchAll(TOKEN)) {
    const word = token.toLowerCase();
    const asked = valueOf(before === "ether" ? `ether ${word}` : word);
    if (expected.kind === "value") expected = { kind: "join" };
    else if (asked !== null) [expected, again] = [{ kind: "value", of: asked }, asked];
    else if (OPENERS.includes(word)) expected = { kind: "question" };
    else {
      if (PROTOCOLS.includes(word)) again = null;
      expected = { kind: "join" };
    }
    before = word;
  }
  return { partial: text.slice(from, caret), from, expected, again };
}

/** The text with what is being typed replaced, and where the caret goes. */
export function insert(text: string, { from, partial }: Place, word: string): { text: string; caret: number } {
  const rest = text.slice(from + partial.length).trimStart();
  const head = `${text.slice(0, from)}${word} `;
  return { text: head + rest, caret: head.length };
}
