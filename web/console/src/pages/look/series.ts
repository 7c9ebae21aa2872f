/** Cutting off what is not yet measured to its end: a half minute beside whole ones looks like an outage. Pure. */
import type { Series } from '../../api/schema';

const SPAN_MS = { minute: 60_000, hour: 3_600_000 } as const;
/** The server writes a span's row a moment after its end. */
const WRITTEN_AFTER_MS = 15_000;

/** The series without spans that are still running, or may not be written yet. */
export function finished(series: Series, nowMs: number): Series {
  const ends = (at: number) => at * 1000 + SPAN_MS[series.span];
  const length = series.at.filter((at) => ends(at) + WRITTEN_AFTER_MS <= nowMs).length;
  const columns = Object.entries(series).map(([name, column]) => [
    name,
    Array.isArray(column) ? column.slice(0, length) : column,
  ]);
  return Object.fromEntries(columns) as Series;
}
