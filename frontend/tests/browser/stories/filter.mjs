// The filter's line.
import assert from "node:assert/strict";
import { open, query, shot, until } from "../stage.mjs";

export const stories = {
  "a filter with a slip is refused where it is, a good one applies": async () => {
    const { page, close } = await open();
    await page.keyboard.press("/");
    await page.keyboard.type("tcp and foo bar");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    assert.equal(query(page).get("f"), null);
    await shot(page, "filter-fault");
    await page.getByRole("textbox").fill("tcp");
    await page.keyboard.press("Enter");
    await until("it is in the address", () => query(page).get("f") === "tcp");
    assert.equal(await page.getByRole("alert").count(), 0);
    await close();
  },
};
