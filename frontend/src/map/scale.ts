// Choropleth classes: seven, a decade each, so that a small country's traffic can be told from none. With much traffic
// bytes go from 100 kB to 10 GB; with little the same decades start lower, or all would be one colour.

import type { Metric } from "../wire";

/** Largest exponent of ten of the first threshold. */
const FIRST_AT_MOST: Readonly<Record<Metric, number>> = { bytes: 5, packets: 3, flows: 1 };
const FIRST_AT_LEAST: Readonly<Record<Metric, number>> = { bytes: 2, packets: 1, flows: 0 };
const THRESHOLDS = 6;

/** The six thresholds between the seven classes, for a largest value. */
export function thresholds(metric: Metric, largest: number): number[] {
  const top = Math.ceil(Math.log10(Math.max(1, largest)));
  const first = Math.min(FIRST_AT_MOST[metric], Math.max(FIRST_AT_LEAST[metric], top - THRESHOLDS));
  return Array.from({ length: THRESHOLDS }, (_, i) => 10 ** (first + i));
}

/** Class 0 to 6 of a value above zero; −1 for none seen. */
export function classOf(value: number, limits: readonly number[]): number {
  if (value <= 0) return -1;
  const found = limits.findIndex((limit) => value < limit);
  return found < 0 ? limits.length : found;
}
