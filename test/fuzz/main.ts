// npm run fuzz -- --minutes N --seed S [--provider fuzz|node|noble] [--conversations N] [--workers N] [--violations N] [--forget | --keep NAME] [--brief]
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { addHits, drawHeatMap, type Hits } from "./heat-map.ts";
import type { Batch, Job } from "./worker.ts";
import type { ProviderName } from "./features.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string" },
    provider: { type: "string", default: "fuzz" },
    conversations: { type: "string" },
    workers: { type: "string" },
    /** A worker that says nothing for so many seconds hangs. */
    patience: { type: "string", default: "120" },
    /** A thread that finds one goes on, until there are so many. */
    violations: { type: "string", default: "1" },
    /** A violation is printed, and not kept. */
    forget: { type: "boolean", default: false },
    /** Under this name instead of its seed's. */
    keep: { type: "string" },
    /** No heat map. */
    brief: { type: "boolean", default: false },
  },
});
const provider = values.provider as ProviderName;
if (!["fuzz", "node", "noble"].includes(provider)) throw new Error(`no provider ${provider}: fuzz, node or noble`);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30));
const most = values.conversations === undefined ? Number.POSITIVE_INFINITY : Number(values.conversations);
const minutes =
  values.conversations === undefined || process.argv.includes("--minutes") ? Number(values.minutes) : Number.POSITIVE_INFINITY;
const workers = Math.min(Number(values.workers ?? availableParallelism()), Math.ceil(most / batchSize()));
const corpus = fileURLToPath(new URL("./corpus/", import.meta.url));

const started = performance.now();
const total = { conversations: 0, reach: new Map<string, number>(), hits: new Map() as Hits };
let violations = 0;
let isStopped = false;

const heart = setInterval(() => console.error(`${soFar()} …`), 60_000);
// What was had counts: it ends behind the batches that run.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isStopped = true;
  });
}
await Promise.all(Array.from({ length: workers }, (_, at) => run(at)));
clearInterval(heart);
if (!values.brief) console.log(drawHeatMap(total.hits));
const share = (count: number): string => `${((100 * count) / Math.max(1, total.conversations)).toFixed(1)} %`;
console.log(
  [...total.reach]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name}: ${count} (${share(count)})`)
    .join("; "),
);
console.log(soFar());
process.exit(violations === 0 ? 0 : 1);

function soFar(): string {
  const seconds = (performance.now() - started) / 1000;
  const rate = Math.round(total.conversations / seconds);
  return `${total.conversations} conversations on ${provider} in ${seconds.toFixed(0)} s, ${rate} a second on ${workers} threads; seed ${seed}; ${violations} violations`;
}

function batchSize(): number {
  return provider === "noble" ? 10 : provider === "node" ? 100 : 500;
}

function run(at: number): Promise<void> {
  const job: Job = { provider, first: seed + at, step: workers, batch: batchSize() };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: job,
    execArgv: process.execArgv,
    // What a conversation makes is garbage behind it: a nursery that holds many is swept seldom.
    resourceLimits: { maxYoungGenerationSizeMb: 192 },
  });
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(alarm);
      void worker.terminate().then(() => resolve());
    };
    // It begins with the first word: on a busy machine a thread may take a minute to load.
    let alarm: NodeJS.Timeout | undefined;
    function hang(): void {
      violations++;
      console.log(`VIOLATION: a conversation of thread ${at} does not end`);
      end();
    }
    worker.on("error", reject);
    worker.on("message", (message: Batch | "going") => {
      clearTimeout(alarm);
      alarm = setTimeout(hang, Number(values.patience) * 1000);
      if (message === "going") return;
      const { conversations, reach, hits, violation } = message;
      total.conversations += conversations;
      for (const [name, count] of Object.entries(reach)) total.reach.set(name, (total.reach.get(name) ?? 0) + count);
      addHits(total.hits, hits);
      if (violation !== undefined) {
        violations++;
        const name = `${values.keep ?? `${provider}-${violation.seed}`}.json`;
        if (!values.forget) {
          mkdirSync(corpus, { recursive: true });
          writeFileSync(corpus + name, `${JSON.stringify({ provider, ...violation.smallest })}\n`);
        }
        console.log(`── seed ${violation.seed}${values.forget ? "" : `, kept as test/fuzz/corpus/${name}`}\n${violation.text}\n`);
      }
      const isOver =
        isStopped ||
        violations >= Number(values.violations) ||
        performance.now() - started > minutes * 60_000 ||
        total.conversations + batchSize() * (workers - 1) >= most;
      if (isOver) return end();
      worker.postMessage("next");
    });
  });
}
