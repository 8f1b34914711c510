// Starts the page: theme, store, application.

import { mount } from "svelte";
import App from "./App.svelte";
import { startTheme } from "./lib/theme";
import { Store } from "./store";
import "./styles/tokens.css";
import "./styles/base.css";

startTheme();
const target = document.getElementById("app");
if (target === null) throw new Error("no #app");
const store = new Store(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws`);
mount(App, { target, props: { store } });
store.start();
