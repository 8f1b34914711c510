// Builds the page into dist/, which is committed and embedded by the visualizer: file names carry no hash, so that a
// rebuild of the same sources gives the same files.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const server = process.env.WIREGLOBE_URL ?? "http://127.0.0.1:8470";

/** What the first script asks for at once is loaded beside it, not after it. */
const beside: Plugin = {
  name: "beside",
  apply: "build",
  transformIndexHtml: () => [{ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: "/assets/base.js" }, injectTo: "head" }],
};

export default defineConfig({
  plugins: [svelte(), beside],
  build: {
    target: "es2022",
    // Pages are loaded when they are opened, all styles at once.
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    // The minifier (lightningcss 1.x) is seeded anew in each process and lost a rule in one of 200; compressed, what it saves
    // is 1 kB.
    cssMinify: false,
    rolldownOptions: {
      output: { entryFileNames: "assets/app.js", chunkFileNames: "assets/[name].js", assetFileNames: "assets/app[extname]",
        // What the overview needs anyway and much else shares is one file, not a dozen of a few hundred bytes.
        codeSplitting: { groups: [{ name: "base", minShareCount: 6 }] } },
    },
  },
  server: { proxy: { "/api": { target: server, ws: true } } },
  test: { include: ["tests/unit/**/*.test.ts"], setupFiles: ["tests/unit/setup.ts"] },
});
