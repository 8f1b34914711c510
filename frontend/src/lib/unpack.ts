// Ticks for narrow lines: their messages in one frame, a line each, packed as raw DEFLATE.

/** Whether this browser can; the server is told. */
export const canUnpack = "DecompressionStream" in globalThis;

/** The messages in a packed frame; rejects when it is not one. */
export async function unpack(frame: ArrayBuffer): Promise<readonly string[]> {
  const text = await new Response(new Blob([frame]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  return text.split("\n").filter((line) => line !== "");
}
