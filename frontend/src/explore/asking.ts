// Asks the store: progress comes line by line, the document last; an aborted question cancels it at the server.

import { fields, number, text, type Fields } from "../lib/ask";
import { readDocument, readHeld, type Held, type QueryDocument } from "./document";
import { ask } from "../lib/ask";

/** How much of the question is answered, 0 to 1. */
export type Progress = (share: number) => void;

const parsed = (line: string): Fields => {
  try {
    return fields(JSON.parse(line));
  } catch {
    return {};
  }
};

const refused = (answer: Fields, said: string, status: number): Error => new Error(text(fields(answer["error"])["message"]) || text(answer["error"]) || said.split("\n")[0]?.slice(0, 200) || `HTTP ${status}`);

/** The lines of an answer as they come. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const whole = (rest + part.value).split("\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
  yield rest;
}

/** The document, and the text it came as. Throws with the server's words when it refuses, an AbortError when it was cancelled. */
export async function query(parameters: URLSearchParams, signal: AbortSignal, progress: Progress): Promise<{ document: QueryDocument; source: string }> {
  const wanted = new URLSearchParams(parameters);
  wanted.set("stream", "true");
  const response = await fetch(`/api/v1/query?${wanted}`, { signal });
  if (!response.ok || response.body === null) {
    const said = await response.text();
    throw refused(parsed(said), said, response.status);
  }
  for await (const line of lines(response.body)) {
    const said = parsed(line);
    if (said["error"] !== undefined) throw refused(said, line, response.status);
    if (Array.isArray(said["at"])) return { document: readDocument(said), source: line };
    if (number(said["of"]) > 0) progress(number(said["done"]) / number(said["of"]));
  }
  throw new Error("");
}

export const held = async (): Promise<Held> => readHeld(await ask("query/span"));
