// Whom the platform trusts, in the runtimes themselves: every root is read, and makes an anchor.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { newerNode } from "../support/newer-node.ts";
import { makePki } from "../support/pki.ts";
import { run } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const pki = await makePki();
const folder = mkdtempSync(join(tmpdir(), "sallyport-roots-"));
afterAll(() => rmSync(folder, { recursive: true }));
const extra = join(folder, "extra.pem");
writeFileSync(extra, pki.ca.pem);

const conditions = "--conditions=sallyport-source";
const bin = `${root}node_modules/.bin`;
const runtimes = [
  ["Deno", `${bin}/deno`, ["run", "--quiet", "--no-lock", "--allow-read", "--allow-env", "--allow-sys", conditions]],
  ["Bun", `${bin}/bun`, [conditions]],
  ["Node.js 24", newerNode?.command, [conditions]],
] as const;

for (const [name, command, args] of runtimes) {
  test(`${name} lists its roots by source, and all that are CAs make anchors`, async ({ skip }) => {
    skip(command === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined, `${name} is not installed`);
    if (command === undefined) throw new Error("there is no Node.js 24; SALLYPORT_NODE24 says where it is");
    const output = await run(command, [...args, `${root}test/support/run-roots.ts`], "", {
      cwd: root,
      timeoutMs: 100_000,
      env: { NODE_EXTRA_CA_CERTS: extra },
    });
    const [ofDefault, bundled, system] = output
      .trim()
      .split("\n")
      .map((line): Listed => JSON.parse(line));
    for (const source of [ofDefault, bundled, system]) {
      if (source === system && source?.refused !== undefined) continue; // a machine may have none
      expect(source?.refused).toBeUndefined();
      expect((source?.anchors ?? 0) + (source?.leftOut ?? 0)).toBe(source?.count);
    }
    expect(bundled?.anchors).toBeGreaterThan(100);
    expect(bundled?.names).toEqual([expect.stringContaining("ISRG Root X1")]);
    if (name === "Node.js 24") expect(ofDefault?.names).toContain("CN=Sallyport test root");
  }, 110_000);
}

interface Listed {
  readonly count?: number;
  readonly anchors?: number;
  readonly leftOut?: number;
  readonly names?: readonly string[];
  readonly refused?: readonly string[];
}
