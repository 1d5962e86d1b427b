import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Reporter, TestModule } from "vitest/node";
import { reasonFor } from "../alerts/exceptions.ts";
import { rows, scoreOf, scoreText, type Tried } from "../alerts/table.ts";
import { cellsOf, keyOf, type Met, tableText } from "../interop/features.ts";

/**
 * Closes the run with the names of what was skipped, the score of the alert table and the table of interop if their tests ran, and
 * with `N passed, N failed`. A module that failed without a failed test, and each stray error, count as one failure; so does, where
 * all of interop ran with every peer required, a cell of its table for which neither a test nor a reason speaks. A run that ends
 * before its end (process.exit in a test) closes as failed too.
 */
export default class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 1;
  #skipped: string[] = [];
  /** Undefined: the table's tests did not run. */
  #tried: Tried[] | undefined;
  #met: Met[] = [];
  /** A part of it would leave the others' cells empty. */
  #isAllOfInterop = false;

  onInit(): void {
    process.on("exit", () => {
      for (const name of this.#skipped) console.log(`skipped: ${name}`);
      if (this.#tried !== undefined) for (const line of scoreText(scoreOf(rows, this.#tried), reasonFor)) console.log(line);
      if (this.#isAllOfInterop) for (const line of tableText(cellsOf(this.#met))) console.log(line);
      console.log(`${this.#passed} passed, ${this.#failed} failed`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[]): void {
    this.#passed = 0;
    this.#failed = strayErrors.length;
    this.#skipped = [];
    this.#tried = undefined;
    this.#met = [];
    for (const module of modules) this.#count(module);
    this.#isAllOfInterop = isAllOfInterop(modules);
    if (this.#isAllOfInterop && process.env["SALLYPORT_REQUIRE_PEERS"] !== undefined) {
      for (const cell of cellsOf(this.#met)) {
        if (cell.outcome !== undefined) continue;
        console.log(`interop: neither met nor explained: ${keyOf(cell)}`);
        this.#failed++;
      }
    }
    if (this.#failed > 0) process.exitCode ||= 1;
  }

  #count(module: TestModule): void {
    let failed = 0;
    if (module.relativeModuleId.endsWith("alerts/alerts.test.ts")) this.#tried ??= [];
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") {
        this.#passed++;
        const { alertRow, interop } = test.meta();
        this.#met.push(...(interop ?? []));
        if (alertRow !== undefined) this.#tried?.push(alertRow);
      } else if (state === "skipped") this.#skipped.push(`${module.relativeModuleId}: ${test.fullName}${reason(test.result())}`);
      else failed++; // failed, or never finished
    }
    if (failed === 0 && module.state() === "failed") failed = 1;
    this.#failed += failed;
  }
}

function isAllOfInterop(modules: readonly TestModule[]): boolean {
  const ran = new Set(modules.map(({ moduleId }) => moduleId));
  const folder = fileURLToPath(new URL("../interop/", import.meta.url));
  return readdirSync(folder).every((name) => !name.endsWith(".test.ts") || ran.has(`${folder}${name}`));
}

function reason(result: { readonly state: string; readonly note?: string | undefined }): string {
  return result.note === undefined ? "" : ` (${result.note})`;
}
