// Questions to the API and reading of what it says: what has another shape than expected counts as nothing.

export { instant } from "./alerts";

export type Fields = Record<string, unknown>;
export const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
export const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields) : []);
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const number = (value: unknown): number => (typeof value === "number" ? value : 0);

/** Asks the API; throws with the server's own words when it refused. */
export async function ask(path: string, method = "GET", body?: object): Promise<Fields> {
  const init: RequestInit = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`/api/v1/${path}`, init);
  const said = await response.text();
  let answer: Fields = {};
  try {
    answer = fields(JSON.parse(said));
  } catch {
    // An answer that is not JSON is told by its status and its first line.
  }
  if (!response.ok) throw new Error(text(fields(answer["error"])["message"]) || text(answer["error"]) || said.split("\n")[0]?.slice(0, 200) || `HTTP ${response.status}`);
  return answer;
}
