// The chosen measure of a row: in (the remote end sent), out (it received), or both. Flows have no direction of their own.

import type { TableView } from "../table";
import type { Metric } from "../wire";
import type { Direction } from "./urlstate";

export interface Amount { in: number; out: number; none: number }

export const ZERO: Amount = { in: 0, out: 0, none: 0 };

export function amount(table: TableView, row: number, metric: Metric, direction: Direction): Amount {
  if (row < 0) return ZERO;
  if (metric === "flows") return { in: 0, out: 0, none: table.number("flows", row) };
  return {
    in: direction === "out" ? 0 : table.number(`${metric}_sent`, row),
    out: direction === "in" ? 0 : table.number(`${metric}_received`, row),
    none: 0,
  };
}

export const total = ({ in: a, out: b, none }: Amount): number => a + b + none;

export const sum = (a: Amount, b: Amount): Amount => ({ in: a.in + b.in, out: a.out + b.out, none: a.none + b.none });
