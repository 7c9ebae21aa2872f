/** The trace explorer's filters: in the address, so that a search can be bookmarked and sent to a colleague. Pure. */
import type { Operations } from '../../api/schema';
import { OUTCOME_NAMES } from '../../trace/outcomes';

/** Filters as the form holds them; '' is any. */
export interface Filters {
  userID: string;
  pushID: string;
  senderUserID: string;
  kind: string;
  outcome: string;
  from: string;
  to: string;
}

const NAMES = ['userID', 'pushID', 'senderUserID', 'kind', 'outcome', 'from', 'to'] as const;

/** Reads the filters of an address; what makes no sense is any. */
export function readFilters(query: URLSearchParams): Filters {
  const filters = Object.fromEntries(
    NAMES.map((name) => [name, query.get(name) ?? '']),
  ) as unknown as Filters;
  if (!OUTCOME_NAMES.includes(filters.outcome)) filters.outcome = '';
  if (filters.kind !== 'message' && filters.kind !== 'call') filters.kind = '';
  return filters;
}

/** Whether any filter is set. */
export function isFiltered(filters: Filters): boolean {
  return NAMES.some((name) => filters[name] !== '');
}

type Query = NonNullable<Operations['GET /apps/{app}/traces']['query']>;

/** What the server is asked. */
export function askedFor(filters: Filters, before: string | undefined, count: number): Query {
  const query: Query = { count };
  if (filters.userID) query.userID = filters.userID.trim();
  if (filters.pushID) query.pushID = filters.pushID.trim();
  if (filters.senderUserID) query.senderUserID = filters.senderUserID.trim();
  if (filters.kind) query.kind = filters.kind as 'message' | 'call';
  if (filters.outcome) query.outcome = filters.outcome as NonNullable<Query['outcome']>;
  const [from, to] = [Date.parse(filters.from), Date.parse(filters.to)];
  if (!Number.isNaN(from)) query.from = from;
  if (!Number.isNaN(to)) query.to = to;
  if (before !== undefined) query.before = before;
  return query;
}
