// A block list, asked of the server as `wireglobe block` prints it.

export interface Wish { targets: readonly string[]; format: string; expires: string; reason: string; aggregate: boolean; special: boolean }

/** The list as text; throws with the server's own words when it refuses. */
export async function blockList({ targets, format, expires, reason, aggregate, special }: Wish): Promise<string> {
  const query = new URLSearchParams({ targets: targets.join(","), format });
  if (expires) query.set("expires", expires);
  if (reason) query.set("reason", reason);
  if (aggregate) query.set("aggregate", "true");
  if (special) query.set("include_special", "true");
  const response = await fetch(`/api/v1/block?${query}`);
  const said = await response.text();
  if (response.ok) return said;
  throw new Error(reasonOf(said) || `HTTP ${response.status}`);
}

function reasonOf(said: string): string {
  try {
    const { error } = JSON.parse(said) as { error?: { message?: string } | string };
    return typeof error === "string" ? error : (error?.message ?? "");
  } catch {
    return said.split("\n")[0]?.slice(0, 200) ?? "";
  }
}
