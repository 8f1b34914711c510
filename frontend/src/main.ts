// Starts the page: theme, language, store, application.

import { mount, unmount } from "svelte";
import App from "./App.svelte";
import { drawnBy } from "./lib/anew";
import { startLanguage } from "./lib/language";
import { startNotices } from "./lib/notices";
import { startPrivacy } from "./lib/privacy";
import { startTheme } from "./lib/theme";
import { Store } from "./store";
import "./styles/tokens.css";
import "./styles/base.css";

startTheme();
const target = document.getElementById("app");
if (target === null) throw new Error("no #app");
const store = new Store(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws`);
const show = (): ReturnType<typeof mount> => mount(App, { target, props: { store } });
void startLanguage().then(() => {
  startPrivacy(document.body, store);
  startNotices((id) => store.setView({ page: "alerts", entity: null, alert: id }));
  let shown = show();
  store.start();
  drawnBy(() => {
    void unmount(shown);
    shown = show();
  });
});
