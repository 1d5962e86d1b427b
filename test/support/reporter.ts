import type { Reporter, TestModule } from "vitest/node";
import { reasonFor } from "../alerts/exceptions.ts";
import { rows, scoreOf, scoreText, type Tried } from "../alerts/table.ts";

/**
 * Closes the run with the names of what was skipped, the score of the alert table if its tests ran, and with `N passed, N failed`. A module that failed without a failed test,
 * and each stray error, count as one failure. A run that ends before its end (process.exit in a test) closes as failed too.
 */
export default class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 1;
  #skipped: string[] = [];
  /** Undefined: the table's tests did not run. */
  #tried: Tried[] | undefined;

  onInit(): void {
    process.on("exit", () => {
      for (const name of this.#skipped) console.log(`skipped: ${name}`);
      if (this.#tried !== undefined) for (const line of scoreText(scoreOf(rows, this.#tried), reasonFor)) console.log(line);
      console.log(`${this.#passed} passed, ${this.#failed} failed`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[]): void {
    this.#passed = 0;
    this.#failed = strayErrors.length;
    this.#skipped = [];
    this.#tried = undefined;
    for (const module of modules) this.#count(module);
    if (this.#failed > 0) process.exitCode ||= 1;
  }

  #count(module: TestModule): void {
    let failed = 0;
    if (module.relativeModuleId.endsWith("alerts/alerts.test.ts")) this.#tried ??= [];
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") {
        this.#passed++;
        const { alertRow } = test.meta();
        if (alertRow !== undefined) this.#tried?.push(alertRow);
      } else if (state === "skipped") this.#skipped.push(`${module.relativeModuleId}: ${test.fullName}${reason(test.result())}`);
      else failed++; // failed, or never finished
    }
    if (failed === 0 && module.state() === "failed") failed = 1;
    this.#failed += failed;
  }
}

function reason(result: { readonly state: string; readonly note?: string | undefined }): string {
  return result.note === undefined ? "" : ` (${result.note})`;
}
