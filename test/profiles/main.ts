// `npm run profiles`: takes each profile again from what is installed here. Clients: their hello, and for which of some twenty
// certificates they refuse, beside what lint says. Servers: what they take. Ends with 1 where something differs; with --record
// the hellos are printed as recorded-hellos.ts has them; ids of profiles choose.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedClients } from "./clients.ts";
import { flawedCertificates } from "./flaws.ts";
import { tryServers } from "./servers.ts";
import { changesOf, recordHello, serveAll, tryFlaws } from "./trial.ts";

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const isWanted = (id: string): boolean => wanted.length === 0 || wanted.includes(id);
const folder = mkdtempSync(join(tmpdir(), "sallyport-profiles-"));
const caFile = join(folder, "ca.pem");
const { rootPem, shown } = await flawedCertificates(Date.now());
writeFileSync(caFile, rootPem);
const { ports, close } = await serveAll(shown);
let differences = 0;
for (const client of installedClients(folder).filter(({ id }) => isWanted(id))) {
  try {
    const hello = await recordHello(client, caFile);
    if (process.argv.includes("--record")) {
      console.log(
        `${client.id} (${client.version})\n${hello
          .toString("hex")
          .match(/.{1,120}/g)
          ?.map((line) => `      "${line}" +`)
          .join("\n")}`,
      );
      continue;
    }
    const changes = changesOf(client.id, hello);
    const flaws = await tryFlaws(client, shown, ports, rootPem, caFile);
    differences += changes.length + flaws.length;
    console.log(
      `${client.id} (${client.version}): the hello ${changes.length === 0 ? "is the same" : "has changed"}; ` +
        `of ${shown.length} certificates ${shown.length - flaws.length} as lint says`,
    );
    for (const change of changes) console.log(`  ${change}`);
    for (const { title, predicted, said } of flaws)
      console.log(`  ${title}: lint says it ${predicted}; ${said === undefined ? "it took it" : `it said: ${said}`}`);
  } catch (error) {
    differences++;
    console.log(`${client.id} (${client.version}): not tried: ${error instanceof Error ? error.message : String(error)}`);
  }
}
close();
for (const { id, title, problems } of await tryServers(folder, isWanted)) {
  differences += problems.length;
  console.log(`${id} (${title}): ${problems.length === 0 ? "takes what the profile says" : "differs"}`);
  for (const problem of problems) console.log(`  ${problem}`);
}
rmSync(folder, { recursive: true });
process.exitCode = differences === 0 ? 0 : 1;
