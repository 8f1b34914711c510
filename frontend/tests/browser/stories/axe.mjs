// What axe finds on the overview and in its dialogs.
import assert from "node:assert/strict";
import { open, serious } from "../stage.mjs";

export const stories = {
  "axe finds nothing serious in dialogs, table, lists, a host's card and both themes": async () => {
    for (const [scheme, key, list] of [["dark", "?"], ["light", "t"], ["light", "?"], ["dark", "", "Domains"], ["light", "", "Hosts"]]) {
      const { page, close } = await open("/", { scheme, bypassCSP: true });
      if (key) await page.keyboard.press(key);
      else await page.getByRole("tab", { name: list }).first().click();
      if (list === "Hosts") await page.locator('[data-list="hosts"] [data-key]').first().click();
      await page.waitForTimeout(300);
      assert.deepEqual(await serious(page), []);
      await close();
    }
  },
};
