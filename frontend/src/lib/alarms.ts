// Where on the map the parties of open alerts of the time that is looked at are: at their city when the hosts' table knows it, else at the label
// point of their country. Parties without a place (private ones) are in the list of alerts only.

import type { LonLat } from "../map/atlas";
import type { Alarm } from "../map/scene";
import type { Store } from "../store";
import type { TableView } from "../table";
import { addressOf, during, grave, open, readAlerts, type Alert } from "./alerts";

type Labels = ReadonlyMap<string, LonLat>;
interface Spot { country: string; at: LonLat }

function spotOf(hosts: TableView, labels: Labels, address: string, country: string): Spot | null {
  const row = hosts.row(address);
  const [lon, lat] = [hosts.cell("lon", row), hosts.cell("lat", row)];
  const code = hosts.text("country", row) || country;
  const at = typeof lon === "number" && typeof lat === "number" ? ([lon, lat] as const) : labels.get(code);
  return code !== "" && at !== undefined ? { country: code, at: [at[0], at[1]] } : null;
}

/** The alert's own country is its first source's. */
function spotsOf(alert: Alert, hosts: TableView, labels: Labels): Spot[] {
  const countryOf = (index: number): string => (index === 0 ? alert.country : "");
  const sources = alert.sources.map((source, index) => spotOf(hosts, labels, addressOf(source), countryOf(index)));
  const targets = alert.targets.map((target) => spotOf(hosts, labels, addressOf(target), ""));
  return [...sources, ...targets].filter((spot) => spot !== null);
}

/** One mark a place, grave if any alert there is. */
export function alarms(store: Store, labels: Labels): Alarm[] {
  const found = new Map<string, Alarm>();
  for (const alert of readAlerts(store.table("alerts")).filter(open).filter(during(store.view.range))) {
    for (const { country, at } of spotsOf(alert, store.table("hosts"), labels)) {
      const key = `${at[0].toFixed(1)} ${at[1].toFixed(1)}`;
      found.set(key, { country, at, grave: grave(alert.severity) || (found.get(key)?.grave ?? false) });
    }
  }
  return [...found.values()];
}

/** The open alerts with a party in a country, the gravest first. */
export const alertsIn = (store: Store, country: string): Alert[] =>
  readAlerts(store.table("alerts")).filter(during(store.view.range)).filter((alert) => open(alert) && (alert.country === country || [...alert.sources, ...alert.targets].some((party) => store.table("hosts").text("country", store.table("hosts").row(addressOf(party))) === country)));
