// The page's own filter over alerts: those of its words that mean something for an alert (who, to whom, which rule). A
// filter with other words stays the traffic's alone, and the page says so rather than hide an attack.

import { addressOf, type Alert, rank, SEVERITIES } from "./alerts";

type Test = (alert: Alert) => boolean;
type Side = "src" | "dst" | "";

/** An address as a number of `bits` bits; `null` when it is none. */
function parseAddress(text: string): { value: bigint; bits: number } | null {
  return text.includes(":") ? parse6(text) : parse4(text);
}

function parse4(text: string): { value: bigint; bits: number } | null {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return { value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n), bits: 32 };
}

function parse6(text: string): { value: bigint; bits: number } | null {
  const [head, tail, ...more] = text.split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const missing = 8 - left.length - right.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return { value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), bits: 128 };
}

function within(network: string): ((address: string) => boolean) | null {
  const [base, length] = network.split("/");
  const from = parseAddress(base ?? "");
  if (from === null) return null;
  const kept = length === undefined ? from.bits : Number(length);
  if (!Number.isInteger(kept) || kept < 0 || kept > from.bits) return null;
  const rest = BigInt(from.bits - kept);
  return (address) => {
    const found = parseAddress(address);
    return found !== null && found.bits === from.bits && found.value >> rest === from.value >> rest;
  };
}

const partiesOf = (alert: Alert, side: Side): string[] => [...(side === "dst" ? [] : alert.sources), ...(side === "src" ? [] : alert.targets)].map(addressOf);

/** Of the target neither country nor network is known: those words mean the source. */
const WORDS: Readonly<Record<string, (value: string, side: Side) => Test | null>> = {
  country: (value, side) => (side === "dst" ? null : (alert) => alert.country === value.toUpperCase()),
  asn: (value, side) => (side === "dst" ? null : (alert) => String(alert.asn) === value.replace(/^AS/i, "")),
  host: (value, side) => networkTest(value, side),
  net: (value, side) => networkTest(value, side),
  prefix: (value, side) => networkTest(value, side),
  alert: (value) => (alert) => alert.rule === value || alert.rule.startsWith(`${value}.`),
  severity: (value) => {
    const least = SEVERITIES.find((severity) => severity === value);
    return least === undefined ? null : (alert) => rank(alert.severity) <= rank(least);
  },
};

function networkTest(value: string, side: Side): Test | null {
  const test = within(value);
  return test && ((alert) => partiesOf(alert, side).some(test));
}

function term(text: string): Test | null {
  const [, not, side = "", word = "", value = ""] = /^(not |! ?)?(?:(src|dst) )?(\w+) (\S+)$/.exec(text) ?? [];
  const test = WORDS[word]?.(value, side as Side) ?? null;
  return test && not ? (alert) => !test(alert) : test;
}

/** Whether an alert is within a filter; `null` when the filter says something that alerts do not have. */
export function alertFilter(expression: string): Test | null {
  if (expression.trim() === "") return () => true;
  const tests = expression.trim().split(/\s+(?:and|&&)\s+/).map(term);
  return tests.every((test) => test !== null) ? (alert) => tests.every((test) => test?.(alert)) : null;
}
