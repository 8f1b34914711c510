// Whether an address lies in a network, as text: IPv4 and IPv6 (RFC 4291 §2.2, RFC 4632 §3.1).

/** An address as a number with its width in bits; null for anything else. */
function parse(address: string): { value: bigint; bits: number } | null {
  return address.includes(":") ? parse6(address) : parse4(address);
}

function parse4(address: string): { value: bigint; bits: number } | null {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return { value: parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n), bits: 32 };
}

function parse6(address: string): { value: bigint; bits: number } | null {
  const halves = address.split("::");
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (head === undefined || halves.length > 2) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array<string>(Math.max(0, missing)).fill("0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return { value: groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n), bits: 128 };
}

/** Whether `network`, such as 192.0.2.0/24, holds `address`. */
export function within(network: string, address: string): boolean {
  const [first = "", length = ""] = network.split("/");
  const [base, asked] = [parse(first), parse(address)];
  if (base === null || asked === null || base.bits !== asked.bits || !/^\d{1,3}$/.test(length)) return false;
  const host = BigInt(Math.max(0, base.bits - Number(length)));
  return base.value >> host === asked.value >> host;
}
