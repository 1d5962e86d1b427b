// `npm run bench`: every measurement; `npm run bench NAME…`: these. `--quick` takes seconds each, and says less. What they give is kept
// in results/ by version of Node.js, and README.md shows all that is kept. `--newer` measures on the Node.js that SALLYPORT_NODE24 names,
// or `node24`; `--show` measures nothing.
import { spawnSync } from "node:child_process";
import { newerNode } from "../test/support/newer-node.ts";
import { makeAuthority } from "../packages/cli/src/demo/authority.ts";
import { measureBound } from "./bound.ts";
import { measureBulk, measureThroughput } from "./bulk.ts";
import { measureChains } from "./chains.ts";
import { measureCurve } from "./curve.ts";
import { measureGrowth } from "./growth.ts";
import { measureHandshakes } from "./handshakes.ts";
import { measureIdle } from "./idle.ts";
import { type Loopback, openLoopback } from "./loopback.ts";
import { measureRecords } from "./memory.ts";
import { measureOthers } from "./others.ts";
import { type Effort, goals, keep, kept, type Measured, where } from "./report.ts";
import { measureRss } from "./rss.ts";
import { writeReadme } from "./readme.ts";

const authority = await makeAuthority();
const measurements: Readonly<Record<string, (effort: Effort) => Promise<Measured> | Measured>> = {
  records: (effort) => measureRecords(authority, effort),
  bulk: (effort) => withLoopback((loopback) => measureBulk(loopback, effort)),
  sizes: (effort) => withLoopback((loopback) => measureThroughput(loopback, effort)),
  handshakes: (effort) => withLoopback((loopback) => measureHandshakes(loopback, effort)),
  bound: (effort) => measureBound(authority, effort),
  idle: (effort) => measureIdle(authority, effort),
  rss: (effort) => measureRss(authority, effort),
  chains: (effort) => measureChains(effort),
  others: (effort) => withLoopback((loopback) => measureOthers(loopback, effort), true),
  growth: (effort) => measureGrowth(authority, effort),
  curve: (effort) => measureCurve(authority, effort),
};

async function withLoopback(measure: (loopback: Loopback) => Promise<Measured>, lemon = false): Promise<Measured> {
  const loopback = await openLoopback(authority, lemon);
  try {
    return await measure(loopback);
  } finally {
    loopback.close();
  }
}

const words = process.argv.slice(2);
if (words.includes("--newer")) process.exit(onNewerNode());
const quick = words.includes("--quick");
const asked = words.filter((word) => !word.startsWith("-"));
const unknown = asked.filter((name) => measurements[name] === undefined);
if (unknown.length > 0) {
  console.error(`no measurement ${unknown.join(", ")}; there are ${Object.keys(measurements).join(", ")}`);
  process.exit(1);
}

const effort = { quick, rounds: quick ? 3 : 5 };
const names = Object.keys(measurements).filter((name) => asked.length === 0 || asked.includes(name));
if (!words.includes("--show")) {
  console.log(
    `${where()}\n${effort.rounds} rounds in turns; medians, and of ratios (least..most)${quick ? "; a quick run" : ""}\n`,
  );
  for (const name of names) await measure(name);
}
writeReadme(kept());

/** One that fails says why, and the others go on; what was kept of it before stays. */
async function measure(name: string): Promise<void> {
  try {
    const measured = await measurements[name]?.(effort);
    if (measured === undefined) return;
    keep(name, effort, measured);
    console.log(`${measured.tables.join("\n\n")}\n`);
    if (measured.figures.length > 0)
      console.log(`${goals([{ node: "", runs: [{ name, where: "", ...effort, ...measured }] }])}\n`);
  } catch (failure) {
    process.exitCode = 1;
    console.error(`${name} FAILED, and is not kept:`, failure, "\n");
  }
}

/** @returns its exit code */
function onNewerNode(): number {
  if (newerNode === undefined) {
    console.error("there is no newer Node.js: SALLYPORT_NODE24 names one, or node24 on the path");
    return 1;
  }
  const args = [...process.execArgv, ...process.argv.slice(1).filter((word) => word !== "--newer")];
  return spawnSync(newerNode.command, args, { stdio: "inherit" }).status ?? 1;
}
