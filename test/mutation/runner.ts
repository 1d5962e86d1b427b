// Runs each test once as it is, and sees to which changes it has something to say; then again for each of these that still lives,
// with that one switched on. Modules are loaded once a file, so that a change costs what the test costs: milliseconds.
import { TestRunner } from "vitest";
import { begin, entries, living, note, readPlan } from "./plan.ts";
import type { When } from "./values.ts";

type VitestTest = Parameters<TestRunner["onAfterTryTask"]>[0];
type VitestFile = Parameters<TestRunner["onCollectStart"]>[0];

const plan = readPlan();
const none = "none";
/** Milliseconds: what is not changed ends, on however busy a machine. */
const whole = 300_000;

/** How often each change was reached. */
type Hits = Map<string, number>;

/** What instrumented sources look at, and what they tell. */
const switches = {
  /** undefined would be looked for in the environment. */
  activeMutant: plan.atLoad ?? none,
  hitCount: 0,
  /** Beyond it the changed code throws: it is in a loop. */
  hitLimit: Number.POSITIVE_INFINITY,
  /** Of statements, told by what Stryker puts there; the proxy takes it to `hits`. */
  mutantCoverage: { static: counter(), perTest: {} },
  /** Of expressions, with what is there without a change. */
  value<Value>(changes: Readonly<Record<string, Exclude<When, "other"> | (() => unknown)>>, value: Value): Value {
    if (hits === undefined) return value;
    if (++values > mostValues) throw new Error("too many values");
    for (const [id, when] of Object.entries(changes)) {
      if (makesDifference(when, value)) count(id);
      else same.add(id);
    }
    return value;
  },
};
/** Told in this test. */
let values = 0;
const mostValues = 300_000;
/** undefined: nobody counts. */
let hits: Hits | undefined;
/** Reached, without a difference. */
const same = new Set<string>();

export default class OneByOne extends TestRunner {
  #living: ReadonlySet<string> = new Set();
  readonly #asked = new Set(entries().flatMap((entry) => (entry.kind === "asked" ? [entry.test] : [])));

  override onCollectStart(file: VitestFile): void {
    super.onCollectStart(file);
    Object.assign(globalThis, { __stryker__: switches });
    begin({ mutant: plan.atLoad, test: file.name, patience: whole });
    hits = new Map();
    values = Number.NEGATIVE_INFINITY;
  }

  override async onBeforeRunSuite(suite: Parameters<TestRunner["onBeforeRunSuite"]>[0]): Promise<void> {
    await super.onBeforeRunSuite(suite);
    if (suite.file !== suite || plan.atLoad !== undefined) return;
    note({ kind: "loaded", mutants: [...(hits?.keys() ?? [])] });
    hits = undefined;
    this.#living = toTry();
  }
  override async onAfterRunSuite(suite: Parameters<TestRunner["onAfterRunSuite"]>[0]): Promise<void> {
    await super.onAfterRunSuite(suite);
    if (suite.file === suite) note({ kind: "no-difference", mutants: [...same].filter((id) => this.#living.has(id)) });
  }

  async runTask(task: VitestTest): Promise<void> {
    const run = TestRunner.getTestFn(task);
    const test = `${task.file.name} › ${task.fullTestName}`;
    if (plan.atLoad !== undefined) return run();
    if (this.#asked.has(test)) return;

    begin({ mutant: undefined, test, patience: whole });
    const reached: Hits = new Map();
    const started = process.cpuUsage();
    hits = reached;
    values = 0;
    try {
      await run();
    } catch (thrown) {
      if (values <= mostValues) throw thrown;
    } finally {
      hits = undefined;
    }
    if (values > mostValues) return note({ kind: "not-asked", test, why: `it comes by more than ${mostValues} values` });
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    const mutants = [...reached.keys()].filter((id) => this.#living.has(id));
    if (mutants.length === 0) return;
    if (took > plan.patience) return note({ kind: "not-asked", test, why: `it takes ${Math.round(took)} ms` });
    if (await fails(run)) return note({ kind: "not-asked", test, why: "it fails when it is run again" });

    const patience = 5000 + 20 * took;
    for (const mutant of mutants) {
      begin({ mutant, test, patience });
      Object.assign(switches, { activeMutant: mutant, hitCount: 0, hitLimit: 1000 + 10 * (reached.get(mutant) ?? 0) });
      // A loop is seen from outside; what waits for ever is seen here, by the clock on the wall.
      const seen = (await fails(run, 60_000 + patience)) || switches.hitCount > switches.hitLimit;
      switches.activeMutant = none;
      if (seen) note({ kind: "killed", mutant, by: test });
    }
    begin({ mutant: undefined, test, patience: whole });
    if (await fails(run)) note({ kind: "not-asked", test, why: "a change leaves something behind in it" });
    else note({ kind: "asked", test, mutants });
    this.#living = toTry();
  }
}

const spared = new Set(plan.spared);
function toTry(): ReadonlySet<string> {
  return new Set([...living(plan.mutants, entries())].filter((id) => !spared.has(id)));
}

function count(id: string): void {
  hits?.set(id, (hits.get(id) ?? 0) + 1);
}

/** In the shape that Stryker's text counts in: `c[id] = (c[id] || 0) + 1`. */
function counter(): Record<string, number> {
  return new Proxy<Record<string, number>>(
    {},
    {
      get: () => 0,
      set: (_, id: string) => {
        count(id);
        return true;
      },
    },
  );
}

function makesDifference(when: Exclude<When, "other"> | (() => unknown), value: unknown): boolean {
  switch (when) {
    case "always":
      return true;
    case "unless-true":
      return value !== true;
    case "unless-false":
      return value !== false;
    case "nullish":
      return value === undefined || value === null;
    default:
      try {
        return !Object.is(when(), value);
      } catch {
        return true;
      }
  }
}

/** @param patience milliseconds; whoever waits longer waits for what never comes */
async function fails(run: () => unknown, patience = whole): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it hangs")), patience);
  });
  try {
    await Promise.race([run(), over]);
    return false;
  } catch {
    return true;
  } finally {
    clearTimeout(timer);
  }
}
