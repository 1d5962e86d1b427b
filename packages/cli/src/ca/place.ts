import { homedir } from "node:os";
import { join } from "node:path";

/** The folder of the local CA: what SALLYPORT_CA names, or where each system keeps a user's data. */
export function folderOfAuthority(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const chosen = env["SALLYPORT_CA"];
  if (chosen !== undefined && chosen !== "") return chosen;
  const home = homedir();
  if (platform === "darwin") return join(home, "Library", "Application Support", "sallyport");
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "sallyport");
  return join(env["XDG_DATA_HOME"] || join(home, ".local", "share"), "sallyport");
}
