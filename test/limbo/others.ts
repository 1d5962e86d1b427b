// Other verifiers on the same cases, as far as they are on this machine.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LimboCase, timeOf } from "../support/limbo.ts";

export interface Other {
  readonly name: string;
  /** Ids. */
  readonly accepted: ReadonlySet<string>;
}

export function others(cases: readonly LimboCase[]): readonly Other[] {
  return [openssl(cases), go(cases), pyca(cases)].filter((other) => other !== undefined);
}

/** As strict as it gets by its own options. */
function openssl(cases: readonly LimboCase[]): Other | undefined {
  const version = said("openssl", ["version"]);
  if (version === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "limbo-"));
  try {
    const accepted = new Set(cases.filter((testcase) => opensslAccepts(testcase, folder)).map(({ id }) => id));
    return { name: `${version.split(" ").slice(0, 2).join(" ")} -x509_strict`, accepted };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function opensslAccepts(testcase: LimboCase, folder: string): boolean {
  const {
    trusted_certs: roots,
    untrusted_intermediates: above,
    crls = [],
    expected_peer_name: peer,
    max_chain_depth: depth,
  } = testcase;
  const file = (name: string, pems: readonly string[]): string => {
    writeFileSync(join(folder, name), pems.join("\n"));
    return join(folder, name);
  };
  const names: Readonly<Record<string, string>> = { DNS: "-verify_hostname", IP: "-verify_ip", RFC822: "-verify_email" };
  const nameOption = peer === null ? undefined : names[peer.kind];
  const options = [
    "verify",
    "-x509_strict",
    "-partial_chain",
    "-no-CApath",
    "-no-CAstore",
    "-attime",
    String(timeOf(testcase)),
    "-purpose",
    testcase.validation_kind === "SERVER" ? "sslserver" : "sslclient",
    ...(roots.length === 0 ? ["-no-CAfile"] : ["-CAfile", file("roots.pem", roots)]),
    ...(above.length === 0 ? [] : ["-untrusted", file("above.pem", above)]),
    ...(crls.length === 0 ? [] : ["-crl_check", "-CRLfile", file("crls.pem", crls)]),
    ...(depth === null ? [] : ["-verify_depth", String(depth)]),
    ...(nameOption === undefined || peer === null ? [] : [nameOption, peer.value]),
    file("leaf.pem", [testcase.peer_certificate]),
  ];
  return spawnSync("openssl", options, { timeout: 20_000 }).status === 0;
}

function go(cases: readonly LimboCase[]): Other | undefined {
  const version = said("go", ["version"])?.match(/go(\d\S*)/)?.[1];
  if (version === undefined) return undefined;
  const run = spawnSync("go", ["run", "."], { cwd: here("go"), input: JSON.stringify(cases.map(forOthers)), timeout: 120_000 });
  return run.status === 0 ? { name: `Go ${version} crypto/x509`, accepted: idsOf(run.stdout) } : undefined;
}

function pyca(cases: readonly LimboCase[]): Other | undefined {
  const version = said("python3", ["-c", "import cryptography; print(cryptography.__version__)"]);
  if (version === undefined) return undefined;
  const run = spawnSync("python3", ["-W", "ignore", here("pyca.py")], {
    input: JSON.stringify(cases.map(forOthers)),
    timeout: 120_000,
  });
  return run.status === 0 ? { name: `pyca/cryptography ${version}`, accepted: idsOf(run.stdout) } : undefined;
}

const forOthers = (testcase: LimboCase): object => ({ ...testcase, time: timeOf(testcase) });
const idsOf = (output: Buffer): ReadonlySet<string> => new Set(output.toString("utf8").split("\n").filter(Boolean));
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function said(command: string, options: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, options, { timeout: 20_000 });
  return status === 0 ? stdout.toString("utf8").trim() : undefined;
}
