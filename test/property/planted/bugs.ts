// Twenty small bugs, each of a famous one's class, as patches against core. What finds them is the fuzzer, by no more than its laws.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

export interface PlantedBug {
  readonly name: string;
  readonly like: string;
  readonly provider: "fuzz" | "node";
  /** Conversations within which it is found. */
  readonly budget: number;
  /** What finds it: words of the violation. */
  readonly law: RegExp;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "01-goto-fail",
    like: "goto fail: a server's key share is taken whatever its signature (CVE-2014-1266)",
    provider: "node",
    budget: 20_000,
    law: /nothingForged/,
  },
  {
    name: "02-heartbleed",
    like: "Heartbleed: a nested length is not bounded by what is around it (CVE-2014-0160)",
    provider: "fuzz",
    budget: 60_000,
    law: /lengths do not fit/,
  },
  {
    name: "03-early-ccs",
    like: "EarlyCCS: change_cipher_spec where it does not belong (CVE-2014-0224)",
    provider: "fuzz",
    budget: 40_000,
    law: /order|in clear/,
  },
  {
    name: "04-smack-skip",
    like: "SMACK: a message that is not due is passed over",
    provider: "fuzz",
    budget: 20_000,
    law: /order|lengths do not fit/,
  },
  {
    name: "05-freak",
    like: "FREAK: a suite is spoken that was not offered (CVE-2015-0204)",
    provider: "fuzz",
    budget: 20_000,
    law: /a suite that was not offered/,
  },
  {
    name: "06-logjam",
    like: "Logjam: keys are exchanged by a group that was not offered (CVE-2015-4000)",
    provider: "fuzz",
    budget: 40_000,
    law: /a group that was not offered/,
  },
  {
    name: "07-triple-handshake",
    like: "Triple Handshake: a session is resumed without extended master secret",
    provider: "fuzz",
    budget: 40_000,
    law: /noTripleHandshake/,
  },
  {
    name: "08-bleichenbacher",
    like: "Bleichenbacher: two failures of what depends on a secret are told apart",
    provider: "node",
    budget: 20_000,
    law: /oneFailureOfRecords|and bad_record_mac was due/,
  },
  {
    name: "09-rustsec-2024-0336-loop",
    like: "RUSTSEC-2024-0336: a loop without an end",
    provider: "fuzz",
    budget: 20_000,
    law: /does not end/,
  },
  {
    name: "10-rustsec-2024-0399-panic",
    like: "RUSTSEC-2024-0399: a ClientHello in pieces is a panic",
    provider: "fuzz",
    budget: 20_000,
    law: /internal_error|local fault/,
  },
  {
    name: "11-rustsec-2026-0285-level",
    like: "RUSTSEC-2026-0285: a message of one level is taken in another",
    provider: "node",
    budget: 20_000,
    law: /in clear/,
  },
  {
    name: "12-lost-acceptor-alert",
    like: "rustls' Acceptor: a hello is refused, and nobody is told",
    provider: "fuzz",
    budget: 20_000,
    law: /alertsArrive/,
  },
  {
    name: "13-binder-not-checked",
    like: "a session is resumed by whoever has its ticket",
    provider: "node",
    budget: 40_000,
    law: /nothingForged/,
  },
  {
    name: "14-key-update-flood",
    like: "KeyUpdates without end (CVE-2020-25648's class)",
    provider: "fuzz",
    budget: 20_000,
    law: /floodsEnd/,
  },
  {
    name: "15-ticket-reuse",
    like: "a client shows one ticket twice",
    provider: "fuzz",
    budget: 20_000,
    law: /ticketsAreUsedOnce/,
  },
  {
    name: "16-burned-before-binder",
    like: "a ticket is spent before anyone proved that he may",
    provider: "node",
    budget: 40_000,
    law: /nothingBurned/,
  },
  {
    name: "17-alpn-ignored",
    like: "ALPACA: a protocol is spoken that was not offered",
    provider: "fuzz",
    budget: 20_000,
    law: /a protocol that was not offered/,
  },
  {
    name: "18-truncation",
    like: "a cut connection passes for one that was closed",
    provider: "fuzz",
    budget: 20_000,
    law: /bare end/,
  },
  {
    name: "19-nonce-reuse",
    like: "a nonce is used twice behind a KeyUpdate",
    provider: "node",
    budget: 10_000,
    law: /noncesAreNew/,
  },
  {
    name: "20-verify-skipped",
    like: "CertificateVerify is not checked where the verifier trusts the chain",
    provider: "node",
    budget: 40_000,
    law: /nothingForged/,
  },
];

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));
export const patchOf = ({ name }: PlantedBug): string => `${root}test/property/planted/${name}.patch`;

/** Whether the patch still fits core. @returns what git says against it */
export function whyNotApplicable(bug: PlantedBug): string | undefined {
  try {
    execFileSync("git", ["apply", "--check", "--recount", patchOf(bug)], { cwd: root, stdio: "pipe" });
    return undefined;
  } catch (error) {
    return String((error as { readonly stderr?: unknown }).stderr ?? error);
  }
}

/** A copy of core with the bug in it. @param into a folder of the tree. @returns its folder of sources */
export function plant(bug: PlantedBug, into = ".tmp/planted"): string {
  const copy = `${into}/${bug.name}`;
  rmSync(root + copy, { recursive: true, force: true });
  mkdirSync(`${root}${copy}/packages/core`, { recursive: true });
  cpSync(`${root}packages/core/src`, `${root}${copy}/packages/core/src`, { recursive: true });
  execFileSync("git", ["apply", "--recount", `--directory=${copy}`, patchOf(bug)], { cwd: root, stdio: "pipe" });
  return `${root}${copy}/packages/core/src`;
}

/** With every bug in a copy of its own. @returns what the compiler says against them, a line each */
export function whyNotCompiled(): readonly string[] {
  const into = ".tmp/planted-types";
  const include = plantedBugs.map((bug) => relative(root + into, plant(bug, into)));
  const compilerOptions = { rootDir: ".", composite: false, incremental: false, tsBuildInfoFile: null, noEmit: true };
  writeFileSync(`${root}${into}/tsconfig.json`, JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include }));
  const { stdout, status } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", `${root}${into}`], { encoding: "utf8" });
  const said = stdout.split("\n").filter((line) => line !== "");
  return status === 0 || said.length > 0 ? said : [`tsc ended with ${status}`];
}
