// Country names in English from the browser's own tables, short where those are long.

const SHORT: Readonly<Record<string, string>> = {
  HK: "Hong Kong", MO: "Macao", PS: "Palestine", CD: "DR Congo", CG: "Congo", MM: "Myanmar", BA: "Bosnia & Herzegovina", XK: "Kosovo",
};

const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** The name of an alpha-2 code; the code itself when it is not one. */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return SHORT[code] ?? names.of(code) ?? code;
}
