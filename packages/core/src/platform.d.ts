// Core compiles with `"lib": ["es2023"], "types": []`. This is the one platform name that its types mention, and only for those
// asynchronous answerers that core carries and never calls. Not published: in a user's program the name resolves to the real one
// of lib.dom or @types/node.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
