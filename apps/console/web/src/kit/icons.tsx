/** Icons, drawn by lines in the color of the text. They are decoration: what they mean stands beside them, or in a label. */

const paths = {
  overview: 'M4 13h6V4H4zm10 7h6V4h-6zM4 20h6v-3H4z',
  jobs: 'M5 6h14M5 12h14M5 18h9',
  tenants:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9c0-3.3 2.7-6 6-6s6 2.7 6 6m1-15.5a3.5 3.5 0 0 1 0 6.5m2 3.4c2 .9 3.3 3 3.3 5.6',
  lanes: 'M4 7h11m0 0-3-3m3 3-3 3M20 17H9m0 0 3-3m-3 3 3 3',
  failures: 'M12 9v4m0 3.5v.1M10.3 4.3 2.9 17.2A2 2 0 0 0 4.6 20h14.8a2 2 0 0 0 1.7-2.8L13.7 4.3a2 2 0 0 0-3.4 0z',
  workers: 'M5 4h14v6H5zm0 10h14v6H5zm3-7h.1M8 17h.1',
  audit: 'M9 4h6v3H9zM7 5.5H5V20h14V5.5h-2M8.5 12h7m-7 4h5',
  settings: 'M4 7h9m4 0h3M4 17h3m4 0h9M15 4.5v5M9 14.5v5',
  users: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7.5 8.5c0-3.6 3.4-6 7.5-6s7.5 2.4 7.5 6',
  queues: 'M4 6h16v4H4zm0 8h16v4H4z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'm6 6 12 12M18 6 6 18',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm9 2-4-4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  down: 'm6 9 6 6 6-6',
  up: 'm6 15 6-6 6 6',
  right: 'm9 6 6 6-6 6',
  external: 'M14 4h6v6m0-6-9 9M10 5H5v14h14v-5',
  system: 'M4 5h16v11H4zm5 15h6m-3-4v4',
  light:
    'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm0-14v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  bookmark: 'M7 4h10v16l-5-4-5 4z',
  plus: 'M12 5v14M5 12h14',
  lock: 'M6 11h12v9H6zm2.5 0V8a3.5 3.5 0 0 1 7 0v3',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      className="icon"
      fill="none"
      height={size}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth="1.8"
      viewBox="0 0 24 24"
      width={size}
    >
      <path d={paths[name]} />
    </svg>
  );
}
