// `sallyport lint`: certificates, keys and modules as people have them in files.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sallyport } from "../support/command-line.ts";
import { makePki } from "../support/pki.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-lint-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const pki = await makePki();
const [good, wide, rsa] = await Promise.all([pki.leaf(), pki.leaf({ key: "ecdsa-p521" }), pki.leaf({ key: "rsa" })]);
const ca = file("ca.pem", pki.ca.pem);
const cert = file("good.pem", good.chainPem);
const key = file("good.key", good.keyPem);
const wideCert = file("wide.pem", wide.chainPem);
const wideKey = file("wide.key", wide.keyPem);

test.each([
  ["works for all: 0", ["lint", cert, key, "--cafile", ca], 0, /^It works for all \d+ clients/],
  [
    "a certificate and its key in one file",
    ["lint", file("both.pem", good.chainPem + good.keyPem), "--cafile", ca],
    0,
    /^It works for all/,
  ],
  ["a certificate alone", ["lint", wideCert, "--cafile", ca], 1, /fails {2}Chromium 156[^\n]*the certificate's key is P-521/],
  ["P-521: 1, and whom it concerns", ["lint", wideCert, wideKey, "--cafile", ca], 1, /^It fails for Chromium 156/],
  [
    "only whom one asks for",
    ["lint", wideCert, wideKey, "--cafile", ca, "--for", "firefox,go126"],
    0,
    /^It works for all 2 clients/,
  ],
  ["roots that nobody has", ["lint", cert, key], 1, /^It fails for all \d+ clients: Nobody vouches for/],
  ["another name", ["lint", cert, key, "--cafile", ca, "--name", "other.example"], 1, /asks for other\.example/],
  ["TLS 1.3 alone", ["lint", cert, key, "--cafile", ca, "--versions", "tls1.3"], 1, /it speaks at most TLS 1\.2/],
  ["a version that is none", ["lint", cert, key, "--versions", "ssl3"], 1, /^The config is refused when it is made: versions/],
  ["somebody else's key", ["lint", cert, file("rsa.key", rsa.keyPem)], 1, /signs with another key than the certificate's/],
  ["--json", ["lint", cert, key, "--cafile", ca, "--json"], 0, /"outcomes": \[/],
  ["--markdown", ["lint", cert, key, "--cafile", ca, "--markdown"], 0, /^\*\*It works/],
  ["no file", ["lint"], 2, /say what to lint/],
  ["a file that is not there", ["lint", join(folder, "none.pem")], 2, /can't be read: ENOENT/],
  ["no PEM", ["lint", file("noise.pem", "hello\u001b[2J")], 2, /no CERTIFICATE block/],
  ["half a PEM", ["lint", file("half.pem", good.chainPem.slice(0, 200))], 2, /BEGIN CERTIFICATE without END/],
  ["a key file without a key", ["lint", cert, ca], 2, /holds no private key/],
  ["a profile that is none", ["lint", cert, key, "--for", "netscape"], 2, /--for takes some of chromium/],
] as const)("%s", async (_, args, code, expected) => {
  const ended = await sallyport(...args);
  expect(ended.output).toMatch(expected);
  expect(ended.output).toMatch(/^[\n -~]*$/);
  expect(ended.code).toBe(code);
});

test("a module whose default export is the options of a config, made or not", async () => {
  const options = `export default { server: { credentials: [] } };`;
  expect(await sallyport("lint", file("options.mjs", options))).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^The config is refused when it is made/),
  });
  expect(await sallyport("lint", file("number.mjs", "export default 1;"))).toMatchObject({ code: 2 });
  expect(await sallyport("lint", file("broken.mjs", "export default ("))).toMatchObject({
    code: 2,
    output: expect.stringContaining("can't be loaded"),
  });
});
