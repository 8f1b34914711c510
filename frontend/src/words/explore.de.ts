// The words of Explore and of the choice of a range, in German.

import type { Dimension, Group, LabelMode } from "../explore/dimensions";
import type { Measure } from "../explore/measures";
import type { PresetName } from "../explore/range";
import type { Chart, Side } from "../explore/state";
import { count } from "../lib/format";
import type { exploreEn } from "./explore.en";
import { plurals } from "./plural";

const form = plurals("de");

const DIMENSIONS: Readonly<Record<Dimension, string>> = {
  country: "Land", continent: "Kontinent", place: "Art der Adresse", asn: "Netz (AS)", prefix: "Präfix", host: "Host", pair: "Paar von Hosts", domain: "Domain", os: "Betriebssystem", mac: "Gerät (MAC)", vlan: "VLAN",
  service: "Dienst", protocol: "Protokoll", port: "Port", pr: "Protokollnummer", exp: "Exporter", sa: "Quelladresse", da: "Zieladresse", sp: "Quellport", dp: "Zielport", nh: "Next Hop", nhb: "BGP-Next-Hop",
  ra: "Router", sas: "Quell-AS", das: "Ziel-AS", nas: "Nächstes AS", pas: "Voriges AS", in: "Eingangsschnittstelle", out: "Ausgangsschnittstelle", sn4: "Quellnetz, IPv4", sn6: "Quellnetz, IPv6", dn4: "Zielnetz, IPv4", dn6: "Zielnetz, IPv6",
};
const MEASURES: Readonly<Record<Measure, string>> = { bytes: "Bytes", packets: "Pakete", flows: "Flows", bps: "Bit pro Sekunde", pps: "Pakete pro Sekunde", bpp: "Bytes pro Paket" };
const CHARTS: Readonly<Record<Chart, string>> = { area: "Gestapelte Fläche", bars: "Gestapelte Balken", lines: "Linien", scatter: "Punkte", pie: "Kreis", hbars: "Waagerechte Balken" };
const SIDES: Readonly<Record<Side, string>> = { both: "Beide Enden", source: "Quelle", destination: "Ziel" };
const PRESETS: Readonly<Record<PresetName, string>> = {
  hour: "Letzte Stunde", day: "Letzte 24 h", week: "Letzte 7 Tage", month: "Letzte 30 Tage", today: "Heute", yesterday: "Gestern", thisWeek: "Diese Woche", lastWeek: "Letzte Woche", thisMonth: "Dieser Monat", lastMonth: "Letzter Monat",
};

export const exploreDe: typeof exploreEn = {
  keys: {
    title: "Auf der Seite Erkunden",
    rows: [["r", "Den Zeitraum wählen"], ["[ ]", "Ein Zeitraum früher, ein Zeitraum später"], ["c", "Nächste Form"], ["p", "Der Zeitraum davor"], ["%", "Prozent vom Ganzen"], ["← → ↑ ↓", "Im Diagramm: durch die Zeit, durch die Schlüssel; Enter: was man tun kann"], ["Umschalt ← →", "Im Diagramm: einen Zeitraum wählen, Enter zeigt ihn"]] as ReadonlyArray<readonly [string, string]>,
  },
  groups: { places: "Orte", networks: "Netze", hosts: "Hosts", services: "Dienste", exporter: "Wie der Exporter sagt" } as Readonly<Record<Group, string>>,
  dimensions: DIMENSIONS, measures: MEASURES, charts: CHARTS, sides: SIDES,
  controls: {
    title: "Diagramm", by: "Aufgeteilt nach", prefix: "Präfixlänge", measure: "Maß", chart: "Form", top: "Größte", sort: "Rang nach", order: "Reihenfolge", per: "Größte jedes Intervalls", step: "Intervall", side: "Ende", labels: "Netze heißen",
    percent: "Prozent vom Ganzen", previous: "Zeitraum davor", sortSame: "dem Maß", desc: "absteigend", asc: "aufsteigend", stepAuto: "automatisch", all: "Alle",
    summary: "Was gezeigt wird", labelModes: { both: "AS64496: Inhaber", name: "Inhaber", code: "AS64496" } as Readonly<Record<LabelMode, string>>,
  },
  range: {
    title: "Welche Zeit", now: "jetzt", from: "Von", to: "bis", show: "Zeigen", earlier: "Früher", later: "Später", live: "läuft mit der Zeit mit",
    hint: "-24h, jetzt, gestern, letzten Dienstag 14:00, 20.11.2026 14:00, 14:00",
    faults: { from: "Der Anfang ist nicht zu verstehen. Etwa -24h, gestern oder 20.11.2026 14:00 schreiben.", to: "Das Ende ist nicht zu verstehen. Etwa jetzt, -1h oder 20.11.2026 16:00 schreiben.", order: "Der Anfang liegt nach dem Ende." },
    kept: (from) => `Die Vergangenheit ist seit ${from} aufgehoben.`,
  },
  presets: PRESETS,
  qualifier: (unit, by, step, from, to) => `${unit} nach ${by}, Intervalle von ${step}, ${from} bis ${to}\u202fUTC`,
  unknown: "unbekannt",
  other: (n) => (n > 0 ? `Andere, ${count(n)}` : "Andere"),
  all: "Alle",
  others: (n) => `${count(n)} ${form(n, { one: "anderer", other: "andere" })}`,
  before: "davor",
  chart: {
    label: (title) => `${title}: Diagramm. Links und rechts gehen durch die Zeit, auf und ab durch die Schlüssel, Enter öffnet, was man tun kann, Umschalt mit links oder rechts wählt einen Zeitraum. Die Tabelle darunter hat dieselben Zahlen.`,
    of: (name, value, time) => `${time}: ${name} ${value}`,
    zoom: (from, to) => `${from} bis ${to}: Enter zeigt es`,
    averages: "Durchschnitte lassen sich nicht addieren: sie sind als Linien gezeichnet.",
    ends: "Beide Enden eines Pakets zählen, darum können die Schlüssel mehr sein als aller Verkehr zusammen.",
  },
  table: {
    label: "Dasselbe als Tabelle", trend: "Verlauf", min: "Min", avg: "Mittel", p95: "p95", max: "Max", last: "Zuletzt", total: "Summe", share: "Anteil", change: "Änderung",
    changeHint: "Gegen den Zeitraum davor", more: (n) => `${n} weitere`, showAll: "Alle zeigen",
  },
  menu: {
    title: (name) => `Was mit ${name} zu tun ist`, filter: "Nur das", exclude: "Auslassen", page: "Eigene Seite öffnen", details: "Einzelheiten", other: "Mehr Schlüssel zeigen",
  },
  details: {
    title: (name) => name, traffic: "In diesem Zeitraum", share: "Anteil an allem", local: "Was hier bekannt ist", waiting: "Frage die Datenbanken hier…", nothing: "Mehr ist hier nicht bekannt.",
    ripestat: "Bei RIPEstat öffnen", ripestatHint: "Ein anderer Host: er erfährt, wonach gefragt wurde.", country: "Land", network: "Netz", name: "Name", kind: "Präfix ist", seen: "Gesehen",
  },
  graphs: {
    title: "Gespeicherte Graphen", starts: "Für den Anfang", none: "Noch keine gespeichert.", save: "Speichern", saveAs: "Als neuen speichern…", update: "Änderungen speichern", edit: "Umbenennen", clone: "Kopieren", remove: "Löschen…", more: (title) => `Mehr zu ${title}`, import: "graphs.json einlesen…",
    copyOf: (title) => `Kopie von ${title}`, name: "Titel", cancel: "Abbrechen", saveTitle: "Diesen Graphen speichern", editTitle: "Graphen umbenennen", removeTitle: "Graphen löschen?", removeWhy: (title) => `„${title}“ ist dann für alle weg. Die Vergangenheit, die er zeigt, bleibt.`, removeNow: "Löschen",
    imported: (n) => `${count(n)} ${form(n, { one: "Graph", other: "Graphen" })} eingelesen.`, looks: "Graphen zu speichern verlangt die Rolle operator.", changed: "geändert", mask: "Zeitmaske", failed: (why) => `Das ging nicht: ${why}`,
    importHint: "graphs.json von FlowGraph", tooLarge: "Dafür ist die Datei zu groß.", unavailable: "Die gespeicherten Graphen waren nicht zu lesen.",
  },
  starts: {
    countries: "Länder, letzte 24 h", networks: "Netze gegen die Woche davor", talkers: "Größte Hosts, letzte Stunde", services: "Dienste nach Paketen", asn: "Verkehr zu anderen Netzen", asnBars: "Verkehr zu anderen Netzen, Balken",
  },
  mask: { always: "Immer", days: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"] as readonly string[], dates: (from, to) => `${from || "…"} bis ${to || "…"}` },
  export: {
    title: "Exportieren", seriesCsv: "CSV, jedes Intervall", tableCsv: "CSV, die Tabelle", json: "JSON, wie der Server es sagte", svg: "SVG", png: "PNG", link: "Link kopieren", copied: "Kopiert", copy: "Tabelle kopieren", print: "Drucken", masked: "Eigene Adressen sind verdeckt: der private Modus ist an.",
    noPng: "Dieser Browser kann kein PNG machen.",
  },
  state: {
    reading: (range, percent) => `Lese ${range} aus dem Speicher, ${percent}\u202f%`, cancel: "Abbrechen", cancelled: "Abgebrochen. Gezeigt ist, was vorher da war.", again: "Noch einmal", nothingBefore: "Abgebrochen, bevor etwas kam.",
    refused: "Das war nicht zu zeigen.", broken: "Die Antwort brach ab. Vielleicht wurde der Server neu gestartet.", stale: (time) => `Die Verbindung ist weg. Gezeigt ist der Stand von ${time}.`,
    off: "Die Vergangenheit wird nicht aufgehoben.", offWhy: "Der Speicher behält nichts, also gibt es nichts zu erkunden. keep unter [history] in settings.toml schaltet es ein.",
    nothingYet: "Noch ist nichts gespeichert.", nothingYetWhy: "Die ersten Intervalle werden binnen einer Minute mit Verkehr geschrieben.",
    outside: "Von diesem Zeitraum ist nichts aufgehoben.", outsideWhy: (from, to) => `Der Speicher hat ${from} bis ${to}.`, showKept: "Zeigen, was da ist",
    filtered: "In diesem Zeitraum passt nichts zum Filter.", clear: "Filter und Auswahl aufheben", quiet: "Kein Verkehr in diesem Zeitraum.", quietWhy: "Die Quelle wurde beobachtet, und nichts kam vorbei.",
    notes: "Hinweise",
  },
};
