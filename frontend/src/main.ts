// Starts the page: theme, language, store, application.

import { mount, unmount } from "svelte";
import App from "./App.svelte";
import { drawnBy } from "./lib/anew";
import { startLanguage } from "./lib/language";
import { startPrivacy } from "./lib/privacy";
import { learnSession, mustSignIn, watchSession } from "./lib/session";
import { kept, NOTICES_KEY } from "./lib/storage";
import { startTheme } from "./lib/theme";
import { Store } from "./store";
import "./styles/tokens.css";
import "./styles/base.css";

startTheme();
const target = document.getElementById("app");
if (target === null) throw new Error("no #app");
const store = new Store(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws`);
const show = (): ReturnType<typeof mount> => mount(App, { target, props: { store } });

/** Shows the login, in the language at hand, until somebody is in. */
async function signedIn(target: HTMLElement): Promise<void> {
  const { default: Login } = await import("./chrome/Login.svelte");
  await new Promise<void>((resolve) => {
    const ask = (): ReturnType<typeof mount> => mount(Login, { target, props: { done: () => void finish() } });
    let shown = ask();
    drawnBy(() => {
      void unmount(shown);
      shown = ask();
    });
    const finish = (): void => {
      void unmount(shown);
      resolve();
    };
  });
}

/** The connection is made while the words are still on their way. */
async function connected(): Promise<void> {
  await learnSession();
  if (!mustSignIn()) store.start();
}

void Promise.all([startLanguage(), connected()]).then(async () => {
  if (mustSignIn()) {
    await signedIn(target);
    store.start();
  }
  await startPrivacy(document.body, store);
  if (kept(NOTICES_KEY) === "on") void import("./lib/notices").then(({ startNotices }) => startNotices((id) => store.setView({ page: "alerts", entity: null, alert: id })));
  let shown = show();
  let wasOpen = store.link.phase === "open";
  store.on("link", () => {
    if (wasOpen && store.link.phase === "stale") void watchSession();
    wasOpen = store.link.phase === "open";
  });
  drawnBy(() => {
    void unmount(shown);
    shown = show();
  });
});
