// The page in Chromium, as a reader uses it: every file of stories/. WIREGLOBE_URL names a running server; without it the
// stand-in is started (and restarted, to test coming back). SHOTS names a directory for screenshots, ONLY a part of the
// names of the stories to run, or of their file's name. Run: npm run test:browser
import { readdirSync } from "node:fs";
import { browser, hasBrowser, mock } from "./stage.mjs";

if (!hasBrowser) {
  console.log("skipped: no Chromium (CHROMIUM names one)");
  process.exit(0);
}

const only = process.env.ONLY ?? "";
const standIn = mock !== null;
let failed = 0;

async function run(name, story) {
  const started = Date.now();
  const error = await story().then(() => null, (caught) => caught);
  failed += error ? 1 : 0;
  console.log(`${error ? "FAIL" : "ok  "} ${name} (${Date.now() - started} ms)${error ? `\n     ${error.stack}` : ""}`);
}

for (const file of readdirSync(new URL("stories", import.meta.url)).sort()) {
  const found = await import(`./stories/${file}`);
  for (const [name, story] of Object.entries({ ...found.stories, ...(standIn ? found.standIn : {}) })) if (`${file} ${name}`.includes(only)) await run(name, story);
}
await browser.close();
await mock?.stop();
process.exit(failed ? 1 : 0);
