// What a person does about alerts, asked of the server. Every call throws with the server's own words when it refused,
// so that nothing counts as done that was not stored.

import { ask, fields, list, number, text } from "./ask";
import { fromDocument, instant, STATES, type Alert, type AlertState, type Reason } from "./alerts";

export type Action = "acknowledge" | "escalate" | "close" | "reopen" | "comment";
export interface Entry { at: number; action: string; comment: string; reason: string }
/** What the server says an alert is now. */
export interface Standing { state: AlertState; reason: string; comments: number; muted: boolean }
export interface Mute { id: string; filter: string; reason: string; created: number; expires: number; expired: boolean; hits: number; last_hit: number }
export interface Preview { matches: number; of: number; titles: readonly string[] }
/** A figure that a rule asks for. */
export interface Setting { name: string; value: string; usual: string; unit: string }
export interface Rule { rule: string; on: boolean; title: string; sees: string; settings: readonly Setting[]; units: ReadonlyMap<string, string> }

const alertPath = (id: string, more = ""): string => `alerts/${encodeURIComponent(id)}${more}`;

function standing(value: unknown): Standing {
  const alert = fields(value);
  const state = STATES.find((known) => known === alert["state"]) ?? "new";
  return { state, reason: text(alert["reason"]), comments: number(alert["comments"]), muted: alert["muted"] === true };
}

/** Does it with all of these alerts or with none; gives how each stands then. */
export async function act(ids: readonly string[], action: Action, more: { comment?: string; reason?: Reason } = {}): Promise<Map<string, Standing>> {
  const answer = await ask(`alerts/${action}`, "POST", { ids, ...more });
  return new Map(list(answer["alerts"]).map((alert) => [text(alert["id"]), standing(alert)]));
}

export interface Page { alerts: readonly Alert[]; older: string | null }

/** Alerts of the whole store that come before a place, the latest of them; `asked` as the API has it. */
export async function page(asked: Readonly<Record<string, string>>, before: string, limit: number): Promise<Page> {
  const answer = await ask(`alerts?${new URLSearchParams({ ...asked, before, limit: String(limit) })}`);
  return { alerts: list(answer["alerts"]).map(fromDocument), older: typeof answer["older"] === "string" ? answer["older"] : null };
}

/** What a block list would have hit among the packets that the server still has. */
export interface DryRun { from: number; to: number; packets: number; of: number; hosts: number; flows: number; wanted: number; own: number; rows: readonly Victim[] }
export interface Victim { address: string; name: string; country: string; network: string; wanted: boolean; own: boolean }

export async function dryRun(targets: readonly string[], special = false): Promise<DryRun> {
  const answer = await ask(`block/dry-run?targets=${encodeURIComponent(targets.join(","))}${special ? "&include_special=true" : ""}`);
  const hit = fields(answer["hit"]);
  return {
    from: instant(answer["from"]), to: instant(answer["to"]), packets: number(hit["packets"]), of: number(fields(answer["totals"])["packets"]),
    hosts: number(hit["hosts"]), flows: number(hit["flows"]), wanted: number(hit["wanted"]), own: number(hit["own"]),
    rows: list(answer["rows"]).map((row) => ({
      address: text(row["address"]), name: text(row["name"]), country: text(row["country"]), network: text(row["as_name"]), wanted: row["wanted"] === true, own: row["own"] === true,
    })),
  };
}

export async function history(id: string): Promise<Entry[]> {
  const answer = await ask(alertPath(id));
  return list(answer["history"]).map((entry) => ({ at: instant(entry["at"]), action: text(entry["action"]), comment: text(entry["comment"]), reason: text(entry["reason"]) }));
}

export const packetsUrl = (id: string): string => `/api/v1/${alertPath(id, "/packets")}`;

export async function mutes(): Promise<Mute[]> {
  return list((await ask("mutes"))["mutes"]).map((mute) => ({
    id: String(mute["id"]), filter: text(mute["filter"]), reason: text(mute["reason"]), created: instant(mute["created"]),
    expires: instant(mute["expires"]), expired: mute["expired"] === true, hits: number(mute["hits"]), last_hit: instant(mute["last_hit"]),
  }));
}

export async function preview(filter: string): Promise<Preview> {
  const answer = await ask(`mutes/preview?filter=${encodeURIComponent(filter)}`);
  return { matches: number(answer["matches"]), of: number(answer["of"]), titles: list(answer["alerts"]).map((alert) => text(alert["summary"]) || text(alert["title"])) };
}

export const mute = (filter: string, reason: string, expires: string): Promise<unknown> => ask("mutes", "POST", { filter, reason, expires });
export const unmute = (id: string): Promise<unknown> => ask(`mutes/${encodeURIComponent(id)}`, "DELETE");

const plain = (value: unknown): string => (typeof value === "number" ? String(value) : "");

export async function rules(): Promise<Rule[]> {
  return list((await ask("rules"))["rules"]).map((rule) => ({
    rule: text(rule["rule"]), on: rule["on"] !== false, title: text(rule["title"]), sees: text(rule["sees"]),
    settings: list(rule["settings"]).map((setting) => ({ name: text(setting["name"]), value: plain(setting["value"]), usual: plain(setting["default"]), unit: text(setting["unit"]) })),
    units: new Map(list(rule["settings"]).map((setting) => [text(setting["name"]), text(setting["unit"])])),
  }));
}

/** Sends a test over a channel of the settings; what the other side said. */
export const testChannel = async (name: string): Promise<string> => text((await ask(`notify/${encodeURIComponent(name)}/test`, "POST"))["answer"]);
