// Plural forms as the Unicode CLDR has them for a language.

/** A form for each category the language has; `other` for all that have none of their own. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export function plurals(language: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  return (n, forms) => forms[rules.select(n)] ?? forms.other;
}
