// The words of the filter language that the page completes: those of pcap-filter(7) a reader types, and Wireglobe's own
// (analyzer/src/query/words.rs). To add one: a line here, and what it means in the catalogues (`filter.words`).

/** What stands behind a word. */
export type ValueKind = "country" | "continent" | "asn" | "prefix" | "place" | "direction" | "service" | "domain" | "os" | "alert" | "host" | "net" | "port" | "protocol" | "mac" | "other";

/** A word that begins a question or is one, in the order they are offered; with what kind of value, if it takes one. */
export const WORDS = {
  country: "country", asn: "asn", host: "host", domain: "domain", service: "service", port: "port", net: "net", prefix: "prefix", direction: "direction",
  place: "place", os: "os", continent: "continent", alert: "alert", tcp: null, udp: null, icmp: null, icmp6: null, arp: null, ip: null, ip6: null, sctp: null,
  igmp: null, not: null, src: null, dst: null, "ether host": "mac", vlan: null, portrange: "other", proto: "protocol", less: "other", greater: "other", broadcast: null,
  multicast: null, inner: null, outer: null,
} as const satisfies Readonly<Record<string, ValueKind | null>>;

export type WordName = keyof typeof WORDS;

/** What joins questions. */
export const JOINS = ["and", "or"] as const;

export const OPERATING_SYSTEMS = ["windows", "macos", "ios", "apple", "android", "linux", "bsd", "solaris", "unix", "network", "unknown"] as const;
export const PLACES = ["private", "cgnat", "link_local", "loopback", "multicast", "broadcast", "bogon", "unknown", "global"] as const;
export const DIRECTIONS = ["in", "out", "internal", "transit"] as const;
/** With the codes of UN M49, by which the browser names them; Antarctica goes by its country code. */
export const CONTINENTS: ReadonlyArray<readonly [code: string, region: string]> = [["AF", "002"], ["AN", "AQ"], ["AS", "142"], ["EU", "150"], ["NA", "003"], ["OC", "009"], ["SA", "005"]];
export const PROTOCOLS = ["tcp", "udp", "icmp", "icmp6", "sctp", "igmp", "gre", "esp", "ah"] as const;
/** Ports that are asked for most, with the service IANA registered there. */
export const PORTS: ReadonlyArray<readonly [port: number, service: string]> = [
  [22, "SSH"], [25, "SMTP"], [53, "DNS"], [67, "DHCP"], [80, "HTTP"], [123, "NTP"], [143, "IMAP"], [161, "SNMP"], [179, "BGP"], [389, "LDAP"], [443, "HTTPS, QUIC"], [445, "SMB"],
  [465, "SMTPS"], [514, "syslog"], [587, "submission"], [636, "LDAPS"], [853, "DNS over TLS"], [993, "IMAPS"], [1433, "SQL Server"], [1900, "SSDP"], [3306, "MySQL"], [3389, "RDP"], [5060, "SIP"],
  [5353, "mDNS"], [5432, "PostgreSQL"], [5900, "VNC"], [6379, "Redis"], [8080, "HTTP"], [8443, "HTTPS"], [51820, "WireGuard"],
];
