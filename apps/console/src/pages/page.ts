/** The frame of every page: plain HTML without scripts, which loads nothing from another host. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

interface Page {
  title: string;
  /** HTML. Values in it must be escaped already. */
  body: string;
  /** The page reloads after so many seconds. */
  refreshSeconds?: number;
}

export function renderPage({ title, body, refreshSeconds }: Page): string {
  const refresh = refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${refresh}
<title>${escapeHtml(title)} · Holdfast</title>
<link rel="icon" href="/console.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console.css">
</head>
<body>
${body}
</body>
</html>
`;
}

/** Logo and name, as the pages show them. */
export const brand =
  '<span class="brand"><img src="/console.svg" alt="" width="22" height="22">Holdfast<small>Console</small></span>';
