// What a click selects and what it means as a filter. One selection at a time narrows every panel; shift-click writes
// the opposite into the filter instead. Words as in the filter language (`country NL`, `asn 1136`, `place private`).

export type Dimension = "country" | "continent" | "asn" | "prefix" | "host" | "domain" | "mac" | "service" | "proto" | "place";
export interface Selection { dimension: Dimension; key: string }

const DIMENSIONS: readonly string[] = ["country", "continent", "asn", "prefix", "host", "domain", "mac", "service", "proto", "place"];

/** Dock tiles that stand for several places. */
const PLACE_GROUPS: Readonly<Record<string, readonly string[]>> = { lan: ["private", "loopback"], multicast: ["multicast", "broadcast"] };

/** The tile that counts a place. */
export const tileOf = (place: string): string => Object.entries(PLACE_GROUPS).find(([, places]) => places.includes(place))?.[0] ?? place;

/** The places a dock tile counts. */
export const placesOf = (tile: string): readonly string[] => PLACE_GROUPS[tile] ?? [tile];

/** Names of the filter language for protocols whose key is written otherwise. */
const PROTOCOL_WORDS: Readonly<Record<string, string>> = { icmpv6: "icmp6", "ipv6-icmp": "icmp6" };
const KNOWN_PROTOCOLS: readonly string[] = ["tcp", "udp", "icmp", "icmp6", "sctp", "igmp", "arp"];

function protocolFilter(key: string): string {
  const name = key.toLowerCase();
  const word = PROTOCOL_WORDS[name] ?? name;
  return KNOWN_PROTOCOLS.includes(word) ? word : `proto ${word}`;
}

/** `tcp/8443` is a port without a name, `https` a service. */
function serviceFilter(key: string): string {
  const [protocol, port] = key.split("/");
  return port === undefined ? `service ${key}` : `${protocol} port ${port}`;
}

/** One's own end is often private, too: only traffic between two such ends stays within the LAN. */
const BOTH_ENDS: readonly string[] = ["private", "loopback"];

const placeFilter = (key: string): string => {
  const parts = placesOf(key).map((place) => `${BOTH_ENDS.includes(place) ? "src and dst " : ""}place ${place}`);
  return parts.length > 1 ? `(${parts.join(" or ")})` : (parts[0] ?? "");
};

const FILTERS: Readonly<Record<Dimension, (key: string) => string>> = {
  country: (key) => `country ${key}`,
  continent: (key) => `continent ${key}`,
  asn: (key) => `asn ${key}`,
  prefix: (key) => `prefix ${key}`,
  host: (key) => `host ${key}`,
  domain: (key) => `domain ${key}`,
  mac: (key) => `ether host ${key}`,
  service: serviceFilter,
  proto: protocolFilter,
  place: placeFilter,
};

/** The selection as a filter expression. */
export const asFilter = ({ dimension, key }: Selection): string => FILTERS[dimension](key);

/** `country:NL` as in the URL. */
export const asText = ({ dimension, key }: Selection): string => `${dimension}:${key}`;

/** A selection from a URL; words only, so that a link cannot smuggle an expression in. */
export function fromText(text: string): Selection | null {
  const [, dimension, key] = /^([a-z]+):([\p{L}\p{N}_.:/+-]{1,253})$/u.exec(text) ?? [];
  return dimension !== undefined && key !== undefined && DIMENSIONS.includes(dimension) ? { dimension: dimension as Dimension, key } : null;
}

export const same = (a: Selection | null, b: Selection | null): boolean => a?.dimension === b?.dimension && a?.key === b?.key;

const grouped = (expression: string): string => (/\s/.test(expression) && !/^\([^()]*\)$/.test(expression) ? `(${expression})` : expression);

/** Both must hold; an empty one holds always. */
export function both(a: string, b: string): string {
  if (!a || !b) return a || b;
  return `${/\bor\b|\|\|/.test(a) ? grouped(a) : a} and ${b}`;
}

/** `filter` without what `selection` selects. */
export const excluding = (filter: string, selection: Selection): string => both(filter, `not ${asFilter(selection)}`);
