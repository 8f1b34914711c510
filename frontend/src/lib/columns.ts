// Columns of a table that people sort, choose and take along: what a cell shows, what it is ordered by.

import { HIDDEN } from "./mask";
import { isPrivate } from "./privacy";

export interface Column<T> {
  readonly id: string;
  readonly title: string;
  /** Its part of the width. */
  readonly width: number;
  /** Figures stand at the right. */
  readonly right?: boolean;
  /** Not shown until it is chosen. */
  readonly extra?: boolean;
  readonly text: (row: T) => string;
  /** What it is ordered by, and written as in an export; its text unless said otherwise. */
  readonly value?: (row: T) => number | string | null;
  /** Whether it names what is the reader's own: the privacy mode hides it. */
  readonly own?: (row: T) => boolean;
}

export interface Order { readonly id: string; readonly down: boolean }

const valueOf = <T>(column: Column<T>, row: T): number | string | null => (column.value ?? column.text)(row);

/** Rows in the order of a column; what is unknown goes to the end either way. */
export function ordered<T>(rows: readonly T[], columns: readonly Column<T>[], { id, down }: Order): readonly T[] {
  const column = columns.find((column) => column.id === id);
  if (column === undefined) return rows;
  const unknown = (value: number | string | null): boolean => value === null || value === "";
  const sign = down ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(column, row) }))
    .sort((a, b) => {
      if (unknown(a.value) || unknown(b.value)) return Number(unknown(a.value)) - Number(unknown(b.value));
      if (typeof a.value === "number" && typeof b.value === "number") return sign * (a.value - b.value);
      return sign * String(a.value).localeCompare(String(b.value), "en", { numeric: true });
    })
    .map(({ row }) => row);
}

/** What may leave the page of a cell. */
const taken = <T, V>(column: Column<T>, row: T, value: V): V | string => (isPrivate() && column.own?.(row) === true ? HIDDEN : value);

/** A field of CSV (RFC 4180); what a spreadsheet would take for a formula gets an apostrophe before it. */
function field(value: number | string | null): string {
  const plain = value === null ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csv = <T>(rows: readonly T[], columns: readonly Column<T>[]): string =>
  [columns.map(({ id }) => field(id)), ...rows.map((row) => columns.map((column) => field(taken(column, row, valueOf(column, row)))))].map((line) => `${line.join(",")}\r\n`).join("");

/** Lines with tabs, as spreadsheets paste them: what is shown. */
export const tsv = <T>(rows: readonly T[], columns: readonly Column<T>[]): string =>
  [columns.map(({ title }) => title), ...rows.map((row) => columns.map((column) => taken(column, row, column.text(row)).replaceAll(/[\t\r\n]/g, " ")))].map((line) => `${line.join("\t")}\n`).join("");

export const json = <T>(rows: readonly T[], columns: readonly Column<T>[]): string =>
  `${JSON.stringify(rows.map((row) => Object.fromEntries(columns.map((column) => [column.id, taken(column, row, valueOf(column, row))]))), null, 1)}\n`;
