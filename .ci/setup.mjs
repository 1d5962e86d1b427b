// Installs what the lock names, if node_modules isn't that already; quick when it is. Each script begins with it, since `pre…`
// scripts don't run for users with ignore-scripts.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const stamp = new URL("node_modules/.sallyport-setup", root);
const lock = new URL(".tmp/setup.lock/", root);
const staleMs = 10 * 60_000;

const wanted = createHash("sha256")
  .update(readFileSync(new URL("package-lock.json", root)))
  .update([process.platform, process.arch, process.versions.modules].join())
  .digest("hex");

if (!isSetUp()) {
  await takeLock();
  try {
    if (!isSetUp()) install();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isSetUp() {
  try {
    return readFileSync(stamp, "utf8") === wanted;
  } catch {
    return false;
  }
}

/** Two installations at once destroy each other: the second caller waits, and looks again. */
async function takeLock() {
  mkdirSync(new URL("../", lock), { recursive: true });
  for (;;) {
    try {
      return mkdirSync(lock);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > staleMs)
      rmSync(lock, { recursive: true, force: true }); // left by a crash
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function install() {
  console.error("sallyport: installing the development dependencies (once)");
  // NODE_ENV=production would leave the tools out.
  const { status, error } = spawnSync("npm", ["ci", "--include=dev", "--loglevel=error"], {
    cwd: fileURLToPath(root),
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw error ?? new Error(`npm ci ended with ${status}`);
  writeFileSync(stamp, wanted);
}
