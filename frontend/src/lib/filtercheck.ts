// Asks the server what it makes of a filter before the page applies it, so that a slip shows where it is.

export interface FilterFault { at: number; len: number; message: string; expected: string; hint: string }
export type FilterAnswer = { ok: true; canonical: string } | { ok: false; fault: FilterFault };

const string = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);

type Fields = Record<string, unknown>;
const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

export function readAnswer(value: unknown): FilterAnswer {
  const answer = fields(value);
  if (answer["ok"] === true) return { ok: true, canonical: string(answer["canonical"]) };
  const error = fields(answer["error"]);
  return {
    ok: false,
    fault: { at: number(error["at"]), len: number(error["len"]), message: string(error["message"]), expected: string(error["expected"]), hint: string(error["hint"]) },
  };
}

/** What a filter is asked of: Explore asks flow records, every other page packets. */
export type FilterOf = "frames" | "records";

/** Throws when the server cannot be asked. */
export async function checkFilter(expression: string, of: FilterOf): Promise<FilterAnswer> {
  const answer = await fetch(`/api/v1/filter?expr=${encodeURIComponent(expression)}&of=${of}`);
  return readAnswer(await answer.json());
}

/** Splits a text where the fault lies; the server counts bytes of UTF-8, the page characters. */
export function splitAt(expression: string, at: number, len: number): readonly [string, string, string] {
  const bytes = new TextEncoder().encode(expression);
  const part = (from: number, to: number): string => new TextDecoder().decode(bytes.slice(from, to));
  return [part(0, at), part(at, at + len), part(at + len, bytes.length)];
}
