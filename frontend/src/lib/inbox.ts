// Which alerts the list shows: of a tab, of the time that is looked at, of a severity and above, of a rule, within the page's own filter.

import { alertFilter } from "./alertfilter";
import { during, inTab, rank, type Alert } from "./alerts";
import type { ViewState } from "./urlstate";

export interface Inbox {
  shown: readonly Alert[];
  /** In the tab, but left out by filter or choice. */
  left: number;
  /** The filter says something that alerts do not have. */
  ignored: boolean;
}

export function inbox(alerts: readonly Alert[], view: ViewState, expression: string): Inbox {
  const test = alertFilter(expression);
  const all = inTab(view.tab, alerts).filter(during(view.range));
  const ofRule = ({ rule }: Alert): boolean => view.rule === "" || rule === view.rule || rule.startsWith(`${view.rule}.`);
  const shown = all.filter((alert) => rank(alert.severity) <= rank(view.severity) && ofRule(alert) && (test?.(alert) ?? true));
  return { shown, left: all.length - shown.length, ignored: test === null };
}

/** The rules that have alerts, each after its family where that has several. */
export function ruleChoices(alerts: readonly Alert[]): string[] {
  const rules = [...new Set(alerts.map(({ rule }) => rule))];
  const families = rules.flatMap((rule) => (rule.includes(".") ? [rule.slice(0, rule.indexOf("."))] : []));
  const several = [...new Set(families)].filter((family) => families.indexOf(family) !== families.lastIndexOf(family));
  return [...rules, ...several].sort();
}
