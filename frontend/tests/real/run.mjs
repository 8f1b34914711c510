// The page in Chromium with the real binary: every file of stories/. WIREGLOBE names the binary (target/release/wireglobe), ONLY
// a part of the names of the stories to run, or of their file's name, SHOTS a directory for screenshots. Run: npm run test:real
import { readdirSync } from "node:fs";
import { browser, BINARY, hasBinary, hasBrowser, tidy } from "./stage.mjs";

if (!hasBrowser || !hasBinary) {
  console.log(`skipped: ${hasBrowser ? `no ${BINARY} (WIREGLOBE names one)` : "no Chromium (CHROMIUM names one)"}`);
  process.exit(0);
}

const only = process.env.ONLY ?? "";
let failed = 0;
for (const file of readdirSync(new URL("stories", import.meta.url)).sort()) {
  const { stories } = await import(`./stories/${file}`);
  for (const [name, story] of Object.entries(stories)) {
    if (!`${file} ${name}`.includes(only)) continue;
    const started = Date.now();
    const error = await story().then((note) => (console.log(`ok   ${name} (${Date.now() - started} ms)${note ? `: ${note}` : ""}`), null), (caught) => caught);
    await tidy();
    failed += error ? 1 : 0;
    if (error) console.log(`FAIL ${name} (${Date.now() - started} ms)\n     ${error.stack}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
