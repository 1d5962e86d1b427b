// core is read from another folder: SALLYPORT_PLANTED_CORE, which holds all of it with a bug in it.
import { pathToFileURL } from "node:url";

const own = new URL("../../../packages/core/src/", import.meta.url).href;
const planted = `${pathToFileURL(process.env.SALLYPORT_PLANTED_CORE ?? "").href}/`;

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  return resolved.url.startsWith(own) ? { ...resolved, url: planted + resolved.url.slice(own.length) } : resolved;
}
