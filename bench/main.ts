// `npm run bench`: prints the tables of bench/README.md. `npm run bench -- --quick` takes a few seconds, and shows less.
import { arch, cpus, platform } from "node:os";
import { makeAuthority } from "../packages/cli/src/demo/authority.ts";
import { measureChains } from "./chains.ts";
import { measureIdle } from "./idle.ts";
import { measureHandshakes, measureThroughput, openLoopback } from "./loopback.ts";
import { measureMemory } from "./memory.ts";

const quick = process.argv.includes("--quick");
const rounds = quick ? 3 : 9;
const mebibyte = 1024 * 1024;

const model = cpus()[0]?.model.trim() ?? "unknown processor";
console.log(`${cpus().length} x ${model}, ${platform()} ${arch()}, Node ${process.version}, OpenSSL ${process.versions.openssl}`);
console.log(`${rounds} rounds in turns; medians, and of ratios (least..most)${quick ? "; a quick run" : ""}\n`);

const authority = await makeAuthority();
console.log(await measureMemory(authority, { rounds, milliseconds: quick ? 40 : 150 }), "\n");
console.log(await measureChains({ rounds, milliseconds: quick ? 40 : 300 }), "\n");
// In pure JavaScript the handshakes take long, and fewer tell the same.
console.log(measureIdle(authority, { "crypto-node": quick ? 1_000 : 10_000, "crypto-noble": quick ? 300 : 2_000 }), "\n");
const loopback = await openLoopback(authority);
try {
  console.log(await measureThroughput(loopback, { rounds, bytes: (quick ? 64 : 256) * mebibyte }), "\n");
  console.log(await measureHandshakes(loopback, { rounds, count: quick ? 100 : 500, warmUp: quick ? 200 : 4000 }));
} finally {
  loopback.close();
}
