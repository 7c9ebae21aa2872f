/** The place shown now; follows the address. */
import { readPlace, type Place } from './routes';

let place = $state.raw<Place>(readPlace(location.hash));
addEventListener('hashchange', () => (place = readPlace(location.hash)));

/** The place now. */
export function here(): Place {
  return place;
}

/** Goes to a fragment made by `linkTo`. */
export function go(link: string): void {
  if (location.hash === link) return;
  location.hash = link;
}

/** The same without a step in the browser's history: for filters and after a login. */
export function goInstead(link: string): void {
  history.replaceState(null, '', link);
  place = readPlace(link);
}
