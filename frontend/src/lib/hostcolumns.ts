// The columns of the hosts page, and what its hosts can be narrowed by.

import type { Column } from "./columns";
import { countryName } from "./country";
import { bytes, count, fixed, grouped, UNKNOWN, when } from "./format";
import type { HostRow } from "./hostlist";
import { pageText } from "./pagetext";

const words = pageText.hosts;

/** 41 d, 6 h, 12 min. */
const uptime = (minutes: number | null): string => (minutes === null ? UNKNOWN : minutes >= 1440 ? words.days(count(Math.floor(minutes / 1440))) : minutes >= 60 ? words.hours(count(Math.floor(minutes / 60))) : words.minutes(count(minutes)));
const distance = ({ distance, macs }: HostRow): string => (macs.length > 0 || distance === 0 ? words.here : distance === null ? UNKNOWN : words.hops(distance));
/** encrypted 80 %, text 20 % */
function carried({ payload }: HostRow): string {
  const all = (payload ?? []).reduce((sum, [, bytes]) => sum + bytes, 0);
  const shares = (payload ?? []).filter(([, bytes]) => bytes > 0).map(([name, bytes]) => words.share(words.classes[name] ?? name, fixed((bytes / all) * 100, 0)));
  return shares.join(", ") || UNKNOWN;
}
export const looks = ({ os, confidence }: HostRow): string => (os ? (confidence === null ? os : words.sure(os, confidence)) : UNKNOWN);
export const hostName = ({ device, names }: HostRow): string => device || names[0] || "";

/** `now` is what today is measured by. */
export function columns(now: number): readonly Column<HostRow>[] {
  const time = (ms: number): string => (ms > 0 ? when(ms, now) : UNKNOWN);
  return [
    { id: "name", title: words.columns.name, width: 150, text: (host) => hostName(host) || words.noName, value: hostName, own: (host) => host.local && hostName(host) !== "" },
    { id: "address", title: words.columns.address, width: 140, text: ({ address }) => address },
    { id: "os", title: words.columns.os, width: 190, text: looks, value: ({ os }) => os },
    { id: "app", title: words.columns.app, width: 110, text: ({ apps }) => apps.join(", ") || UNKNOWN, value: ({ apps }) => apps.join(", ") },
    { id: "language", title: words.columns.language, width: 48, text: ({ language }) => language || UNKNOWN, value: ({ language }) => language },
    { id: "link", title: words.columns.link, width: 110, text: ({ link, mtu }) => [link, mtu === null ? "" : String(mtu)].filter(Boolean).join(", ") || UNKNOWN, value: ({ mtu }) => mtu },
    { id: "distance", title: words.columns.distance, width: 84, text: distance, value: ({ distance, macs }) => (macs.length > 0 ? 0 : distance) },
    { id: "uptime", title: words.columns.uptime, width: 60, right: true, text: ({ uptime: minutes }) => uptime(minutes), value: ({ uptime }) => uptime },
    { id: "first", title: words.columns.first, width: 72, text: ({ first }) => time(first), value: ({ first }) => first || null },
    { id: "last", title: words.columns.last, width: 72, text: ({ last }) => time(last), value: ({ last }) => last || null },
    { id: "both", title: words.columns.both, width: 90, text: ({ sent, received }) => `${bytes(sent)} / ${bytes(received)}`, value: ({ sent }) => sent },
    { id: "bytes", title: words.columns.bytes, width: 76, right: true, text: ({ sent, received }) => bytes(sent + received), value: ({ sent, received }) => sent + received },
    { id: "packets", title: words.columns.packets, width: 76, right: true, extra: true, text: ({ packets }) => count(packets), value: ({ packets }) => packets },
    { id: "flows", title: words.columns.flows, width: 64, right: true, extra: true, text: ({ flows }) => count(flows), value: ({ flows }) => flows },
    { id: "country", title: words.columns.country, width: 110, extra: true, text: ({ country }) => (country ? countryName(country) : UNKNOWN), value: ({ country }) => country },
    { id: "network", title: words.columns.network, width: 150, extra: true, text: ({ asn, network }) => (asn === null ? UNKNOWN : `AS${asn} ${network}`), value: ({ asn }) => asn },
    { id: "mac", title: words.columns.mac, width: 160, extra: true, text: ({ macs, vendor }) => [macs.join(" "), vendor].filter(Boolean).join(" · ") || UNKNOWN, value: ({ macs }) => macs.join(" ") },
    { id: "ports", title: words.columns.ports, width: 140, extra: true, text: ({ ports }) => ports.join(", ") || UNKNOWN, value: ({ ports }) => ports.join(" ") },
    { id: "sharing", title: words.columns.sharing, width: 84, right: true, extra: true, text: ({ sharing }) => (sharing > 0 ? grouped(sharing) : UNKNOWN), value: ({ sharing }) => sharing || null },
    { id: "unanswered", title: words.columns.unanswered, width: 92, extra: true, text: ({ unanswered }) => (unanswered ? words.silent : UNKNOWN), value: ({ unanswered }) => (unanswered ? 1 : 0) },
    { id: "payload", title: words.columns.payload, width: 190, extra: true, text: carried, value: ({ payload }) => payload?.map(([name, bytes]) => `${name}=${bytes}`).join(" ") || null },
  ];
}

/** What hosts are put together by, at the side of the table. */
export interface Facet { readonly id: keyof typeof words.facets; readonly of: (host: HostRow) => string }

const far = ({ distance, macs }: HostRow): string => {
  if (macs.length > 0 || distance === 0) return words.here;
  if (distance === null) return words.unknown;
  return distance < 4 ? words.bands.near : distance < 9 ? words.bands.middle : distance < 15 ? words.bands.far : words.bands.farther;
};

export const FACETS: readonly Facet[] = [
  { id: "where", of: ({ local }) => (local ? words.local : words.remote) },
  { id: "family", of: ({ family }) => family || words.unknown },
  { id: "link", of: ({ link }) => link || words.unknown },
  { id: "distance", of: far },
  { id: "language", of: ({ language }) => language || words.unknown },
];

/** How many hosts have which value, most first. */
export function tally(hosts: readonly HostRow[], { of }: Facet): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const host of hosts) counts.set(of(host), (counts.get(of(host)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
