// What is written down of clients and servers, taken again from those that are installed and quick to ask. `npm run profiles` asks all.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { installedClients } from "../profiles/clients.ts";
import { flawedCertificates } from "../profiles/flaws.ts";
import { tryServers } from "../profiles/servers.ts";
import { changesOf, recordHello, serveAll, tryFlaws } from "../profiles/trial.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-profiles-"));
const { rootPem, shown } = await flawedCertificates(Date.now());
const caFile = join(folder, "ca.pem");
writeFileSync(caFile, rootPem);
const { ports, close } = await serveAll(shown);
afterAll(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});
const quick = ["curl", "node20", "node24", "python"];

describe.each(installedClients(folder).filter(({ id }) => quick.includes(id)))("$id", (client) => {
  test("sends the hello that its profile has", async () => {
    expect(changesOf(client.id, await recordHello(client, caFile))).toEqual([]);
  });
  test("refuses exactly the certificates for which lint says that it fails", async () => {
    expect(await tryFlaws(client, shown, ports, rootPem, caFile)).toEqual([]);
  });
});

test("servers of OpenSSL, node:tls and Deno take what their profiles say", async () => {
  const tried = await tryServers(folder, () => true);
  expect(tried.map(({ id }) => id)).toContain("node");
  expect(tried.flatMap(({ id, problems }) => problems.map((problem) => `${id}: ${problem}`))).toEqual([]);
}, 120_000);
