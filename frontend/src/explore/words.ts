// Words of time in the languages that can be typed, each as the one the grammar of `moment.ts` knows. All languages are
// understood at any time, so that a link with words in it means the same to everybody. To add a language: its words here.

const ENGLISH: Readonly<Record<string, string>> = {
  sec: "s", secs: "s", second: "s", seconds: "s", min: "m", mins: "m", minute: "m", minutes: "m", hr: "h", hrs: "h", hour: "h", hours: "h", day: "d", days: "d", week: "w", weeks: "w", wk: "w",
  month: "mo", months: "mo", year: "y", years: "y", past: "last", previous: "last", current: "this", noon: "12:00", midnight: "00:00", the: "", at: "", until: "to", till: "to", since: "",
  mon: "monday", tue: "tuesday", wed: "wednesday", thu: "thursday", fri: "friday", sat: "saturday", sun: "sunday",
};

const GERMAN: Readonly<Record<string, string>> = {
  jetzt: "now", heute: "today", gestern: "yesterday", vorgestern: "ereyesterday", vor: "ago", her: "ago", bis: "to", um: "", uhr: "o'clock", am: "", seit: "", mittag: "12:00", mitternacht: "00:00",
  sek: "s", sekunde: "s", sekunden: "s", min: "m", minute: "m", minuten: "m", std: "h", stunde: "h", stunden: "h", tag: "d", tage: "d", tagen: "d", woche: "w", wochen: "w", monat: "mo", monate: "mo", monaten: "mo",
  jahr: "y", jahre: "y", jahren: "y", letzte: "last", letzten: "last", letzter: "last", letztes: "last", letztem: "last", vorige: "last", vorigen: "last", vergangene: "last", vergangenen: "last",
  diese: "this", dieser: "this", dieses: "this", diesen: "this", diesem: "this", montag: "monday", dienstag: "tuesday", mittwoch: "wednesday", donnerstag: "thursday", freitag: "friday", samstag: "saturday", sonnabend: "saturday", sonntag: "sunday",
  mo: "monday", di: "tuesday", mi: "wednesday", do: "thursday", fr: "friday", sa: "saturday", so: "sunday",
};

const ALL: Readonly<Record<string, string>> = { ...GERMAN, ...ENGLISH };

/** After a number `mo` are months; by itself it is Monday. */
const known = (word: string, before: string): string => (word === "mo" && /^-?\d+$/.test(before) ? "mo" : (Object.hasOwn(ALL, word) ? (ALL[word] ?? word) : word));

/** The words of a text in the grammar's own, small, with single spaces: `Vor 3 Tagen` becomes `ago 3 d`. */
export function plainWords(text: string): string {
  const words = text.toLowerCase().replace(/\u2212/g, "-").replace(/(\d)\s*([a-zäöü]+)/g, "$1 $2").replace(/^([-+])\s+/, "$1").trim().split(/[\s,]+/);
  return words.map((word, i) => known(word, words[i - 1] ?? "")).filter(Boolean).join(" ");
}
