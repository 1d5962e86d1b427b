// What a measurement shows as a picture, as data that its JSON keeps: the drawing is plots.ts's.

export type Picture = Lines | Bars | Cells;

interface Titled {
  /** Of the file, without `.svg`; and what the picture says to whom can't see it. */
  readonly name: string;
  readonly title: string;
}

/** Panels beside each other, with the same axes. The same name has the same colour and legend in all of them. */
export interface Lines extends Titled {
  readonly kind: "lines";
  readonly x: Axis;
  readonly y: Axis;
  readonly panels: readonly { readonly title: string; readonly lines: readonly Line[] }[];
}
export interface Line {
  readonly name: string;
  /** What it can't pass: dashed, in the colour of the one that it bounds. */
  readonly bounds?: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}
export interface Axis {
  readonly title: string;
  /** `size`: bytes, a power of two a step. */
  readonly scale: "linear" | "log" | "size";
}

/** A bar of each name beside each other, group by group. */
export interface Bars extends Titled {
  readonly kind: "bars";
  readonly y: string;
  readonly panels: readonly {
    readonly title: string;
    readonly bars: readonly { readonly name: string; readonly values: readonly number[] }[];
  }[];
  readonly groups: readonly string[];
}

/** Of 100; undefined where nothing could be asked. */
export interface Cells extends Titled {
  readonly kind: "cells";
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}
