// The decoder against the golden messages that the server's tests write, and against broken ones.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { unpack } from "../../src/lib/unpack";
import { decode, encode, WireError, type ClientMessage } from "../../src/wire";

const GOLDEN = path.resolve(import.meta.dirname, "../../../fixtures/wire");
const files = existsSync(GOLDEN) ? readdirSync(GOLDEN).filter((name) => name.endsWith(".json")).sort() : [];
const read = (name: string) => JSON.parse(readFileSync(path.join(GOLDEN, name), "utf8")) as { direction: string; message: Record<string, unknown> };

/** What this page sends, one of each kind, with all fields it may have. */
const SENT: readonly ClientMessage[] = [
  { type: "hello", v: 1, epoch: "k3j", last_seq: 118, deflate: true },
  { type: "sub", range: [1, 2], id: 3, topic: "countries", filter: "tcp port 443", metric: "bytes", k: 50, max_hz: 4, last_seq: 118 },
  { type: "unsub", id: 3 },
  { type: "pause" },
  { type: "resume" },
  { type: "ack", seq: 120 },
  { type: "visible", visible: false },
];

const kinds = (message: object): Record<string, string> => Object.fromEntries(Object.entries(message).map(([name, value]) => [name, typeof value]));

describe("golden messages", () => {
  if (files.length === 0) console.log(`skipped: no golden messages in ${GOLDEN} yet`);

  test.skipIf(files.length === 0)("there are some of both directions", () => {
    expect(new Set(files.map((name) => read(name).direction))).toEqual(new Set(["client", "server"]));
  });

  test.each(files.filter((name) => read(name).direction === "server"))("%s is understood", (name) => {
    const { message } = read(name);
    const decoded = decode(JSON.stringify(message));
    if (message["type"] === "event") return expect(decoded).toBeNull();
    expect(decoded).toMatchObject({ type: message["type"] });
    for (const [field, value] of Object.entries(decoded ?? {})) if (field in message && message[field] !== null) expect(value).toEqual(message[field]);
  });

  test.each(files.filter((name) => read(name).direction === "client"))("%s has the shape that this page sends", (name) => {
    const { message } = read(name);
    const mine = SENT.find((sent) => sent.type === message["type"]);
    expect(mine).toBeDefined();
    const own = kinds(JSON.parse(encode(mine as ClientMessage)) as object);
    for (const [field, kind] of Object.entries(kinds(message))) expect([field, kind]).toEqual([field, own[field]]);
  });
});

describe("decode", () => {
  const snap = { type: "snap", sub: 3, topic: "countries", seq: 1, at: 2, from: 1, keys: ["US"], columns: { bytes_sent: [1] }, total: 1 };

  test("a snapshot is understood", () => {
    expect(decode(JSON.stringify(snap))).toMatchObject({ type: "snap", keys: ["US"], total: 1, dropped: 0 });
  });

  test("a message of an unknown type is ignored", () => {
    expect(decode('{"type":"event","id":7}')).toBeNull();
    expect(decode('{"type":"toString"}')).toBeNull();
  });

  test.each([
    "", "[]", "null", "{}", '{"type":5}', '{"type":"tick","seq":"1","at":1,"lag_ms":0}', '{"type":"tick"}',
    JSON.stringify({ ...snap, columns: { bytes_sent: [] } }), JSON.stringify({ ...snap, keys: [1] }), JSON.stringify({ ...snap, columns: 7 }),
    '{"type":"welcome","v":1}',
  ])("%s is refused", (frame) => {
    expect(() => decode(frame)).toThrow(WireError);
  });
});

describe("packed ticks", () => {
  const packed = (text: string): ArrayBuffer => Uint8Array.from(deflateRawSync(text)).buffer;

  test("have a message a line", async () => {
    expect(await unpack(packed('{"type":"lag","hz":1}\n{"type":"tick"}\n'))).toEqual(['{"type":"lag","hz":1}', '{"type":"tick"}']);
  });

  test("that are none are refused", async () => {
    await expect(unpack(Uint8Array.from([7, 7, 7, 7]).buffer)).rejects.toThrow();
  });
});
