// Makes the page: one file of HTML in dist, with its style, its script, and a policy that lets in exactly those two.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = new URL("./", import.meta.url);
const source = (name) => fileURLToPath(new URL(`src/page/${name}`, here));

const { outputFiles } = await build({
  entryPoints: [source("main.ts"), source("style.css")],
  outdir: fileURLToPath(new URL("dist/page", here)),
  conditions: ["sallyport-source"],
  bundle: true,
  minify: true,
  write: false,
  platform: "browser",
  format: "esm",
  target: ["es2023", "chrome120", "firefox121", "safari17"],
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
});
const made = (end) => outputFiles.find(({ path }) => path.endsWith(end)).text.trim();
const [script, style] = [made(".js"), made(".css")];
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

// Functions, since a text would have its dollar signs read.
const page = readFileSync(source("page.html"), "utf8")
  .replace("{policy}", () => policy)
  .replace("<!-- style -->", () => `<style>${style}</style>`)
  .replace("<!-- script -->", () => `<script type="module">${script}</script>`);
mkdirSync(new URL("dist/", here), { recursive: true });
writeFileSync(new URL("dist/inspect.html", here), page);
