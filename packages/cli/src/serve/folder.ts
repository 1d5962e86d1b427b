// Which file of a folder a request means, and none beyond it: neither by `..`, nor by a link, nor what is hidden.
import { realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

export type Found =
  | { readonly kind: "file" /** Below the folder, `/` between its parts, no link in it. */; readonly path: string }
  | { readonly kind: "elsewhere" /** A folder without its slash. */; readonly location: string }
  | { readonly kind: "nothing"; readonly status: 400 | 404 };

/**
 * @param root an absolute path without links
 * @param target as in a request line: `/a%20b.html?c`
 */
export async function fileFor(root: string, target: string): Promise<Found> {
  const pathname = pathOf(target);
  if (pathname === undefined) return { kind: "nothing", status: 400 };
  const parts = pathname.split("/").filter((part) => part !== "");
  if (parts.some(isHidden)) return nothing;
  const real = await inside(root, join(root, ...parts));
  if (real === undefined) return nothing;
  const info = await stat(real).catch(() => undefined);
  // Pipes and devices would never end.
  if (info?.isFile() === true) return pathname.endsWith("/") ? nothing : { kind: "file", path: below(root, real) };
  if (info?.isDirectory() !== true) return nothing;
  if (!pathname.endsWith("/")) return { kind: "elsewhere", location: `/${parts.map(encodeURIComponent).join("/")}/` };
  const index = await inside(root, join(real, "index.html"));
  const isFile = index !== undefined && (await stat(index).catch(() => undefined))?.isFile() === true;
  return isFile ? { kind: "file", path: below(root, index) } : nothing;
}

const nothing: Found = { kind: "nothing", status: 404 };

/** Decoded; undefined: it is no path, or one that means something else to some file system. */
function pathOf(target: string): string | undefined {
  const [path = ""] = target.split(/[?#]/, 1);
  if (!path.startsWith("/")) return undefined;
  try {
    const decoded = decodeURIComponent(path);
    // Of Windows: another separator, drives and streams.
    return decoded.includes("\0") || (sep === "\\" && /[\\:]/.test(decoded)) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Where it really lies; undefined: nowhere, beyond the root, or where nobody is to look. */
async function inside(root: string, path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return undefined;
  const isBelow = real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
  return isBelow && !relative(root, real).split(sep).some(isHidden) ? real : undefined;
}

/** A dot in front hides a file, and whatever a link to it is called; `.` and `..` are among them. RFC 8615 has an exception. */
const isHidden = (part: string): boolean => part.startsWith(".") && part !== ".well-known";

const below = (root: string, real: string): string => relative(root, real).split(sep).join("/");
