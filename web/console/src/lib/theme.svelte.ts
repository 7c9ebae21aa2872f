/** Light or dark: by system until the switch is used, then remembered. */
const STORED = 'hongyan.console.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
let chosen = $state<string | null>(localStorage.getItem(STORED));
let systemDark = $state(system.matches);
system.addEventListener('change', (event) => (systemDark = event.matches));

/** Whether the page is dark now. */
export function isDark(): boolean {
  return chosen === null ? systemDark : chosen === 'dark';
}

/** The other one, remembered. */
export function flipTheme(): void {
  chosen = isDark() ? 'light' : 'dark';
  localStorage.setItem(STORED, chosen);
}
