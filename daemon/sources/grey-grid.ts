// A frame in small: grey points on a grid, and means over squares of them. Cheap enough for every camera.

const COLUMNS = 128;
const ROWS = 72;
/** A cell is the mean of so many points each way: noise and compression average out. */
const CELL = 4;
const CELL_COLUMNS = COLUMNS / CELL;
const CELL_ROWS = ROWS / CELL;

/** A frame as the analysis keeps it. */
export interface GreyGrid {
  /** 128 x 72 points, 0..255, row by row. */
  readonly points: Uint8Array;
  /** 32 x 18 means of 4 x 4 points. */
  readonly cells: Float32Array;
}

/** Samples a frame: height x width x 3, uint8, RGB. */
export function greyGrid(pixels: Uint8Array, width: number, height: number): GreyGrid {
  const points = new Uint8Array(COLUMNS * ROWS);
  const cells = new Float32Array(CELL_COLUMNS * CELL_ROWS);
  for (let row = 0; row < ROWS; row++) {
    const line = Math.floor(((row + 0.5) * height) / ROWS) * width;
    for (let column = 0; column < COLUMNS; column++) {
      const at = (line + Math.floor(((column + 0.5) * width) / COLUMNS)) * 3;
      const grey = ((pixels[at] ?? 0) * 77 + (pixels[at + 1] ?? 0) * 150 + (pixels[at + 2] ?? 0) * 29) >> 8;
      points[row * COLUMNS + column] = grey;
      const cell = Math.floor(row / CELL) * CELL_COLUMNS + Math.floor(column / CELL);
      cells[cell] = (cells[cell] ?? 0) + grey / CELL ** 2;
    }
  }
  return { points, cells };
}

/**
 * How alike two frames are. "same": but for their compression; a noise of one grey level would tell them apart. "alike":
 * noise might be all that changed. "other": something did.
 */
export function compareGrids(a: GreyGrid, b: GreyGrid): "same" | "alike" | "other" {
  let most = 0;
  for (let i = 0; i < a.cells.length; i++) most = Math.max(most, Math.abs((a.cells[i] ?? 0) - (b.cells[i] ?? 0)));
  if (most > ALIKE_CELL_MAX) return "other";
  if (most > SAME_CELL_MAX) return "alike";
  let sum = 0;
  for (let i = 0; i < a.points.length; i++) sum += Math.abs((a.points[i] ?? 0) - (b.points[i] ?? 0));
  return sum <= SAME_MEAN_MAX * a.points.length ? "same" : "alike";
}

/** Grey levels by which the mean of a cell may change when the same picture is encoded again. */
const SAME_CELL_MAX = 2.5;
/** Grey levels by which points may differ on average then. Sensors' noise of one grey level makes 1.1. */
const SAME_MEAN_MAX = 0.3;
/** Grey levels by which the mean of a cell changes where something moved. */
const ALIKE_CELL_MAX = 10;

/** The grey level below which nearly all of a black picture lies; the darkest of 123 street cameras at night has 65. */
const BLACK_MAX = 25;
/** Neighbouring cells of a covered lens differ by less, nearly everywhere; of 123 cameras the plainest has 15. */
const DETAIL_MIN = 8;

/** Whether a picture is black: no light anywhere. */
export function isBlack({ cells }: GreyGrid): boolean {
  return quantileIsBelow(cells, 0.99, BLACK_MAX);
}

/** Whether a picture shows no detail: something covers the lens, or it looks into fog or glare. A black one counts, too. */
export function isUniform({ cells }: GreyGrid): boolean {
  const steps: number[] = [];
  for (let at = 0; at < cells.length; at++) {
    const here = cells[at] ?? 0;
    if ((at + 1) % CELL_COLUMNS !== 0) steps.push(Math.abs(here - (cells[at + 1] ?? 0)));
    if (at + CELL_COLUMNS < cells.length) steps.push(Math.abs(here - (cells[at + CELL_COLUMNS] ?? 0)));
  }
  return quantileIsBelow(steps, 0.95, DETAIL_MIN);
}

/** Whether that share of the values, the smallest first, ends below the bound: by counting, since sorting costs more. */
function quantileIsBelow(values: ArrayLike<number>, share: number, bound: number): boolean {
  let below = 0;
  for (let i = 0; i < values.length; i++) if ((values[i] ?? 0) < bound) below++;
  return below > Math.floor((values.length - 1) * share);
}
