/** The pages at the end of a single sign-on. Plain HTML without scripts and styles. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function page(title: string, body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${head}
<title>${title} · Holdfast</title>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

export function enteredPage(): string {
  return page(
    'Logged in',
    '<h1>Logged in</h1>\n<p><a href="/">Go on to the console</a></p>',
    '<meta http-equiv="refresh" content="0; url=/">',
  );
}

/** @param why for people */
export function refusedPage(why: string): string {
  return page(
    'Not logged in',
    `<h1>Not logged in</h1>\n<p>${escapeHtml(why)}</p>\n<p><a href="/login">Back to the login</a></p>`,
  );
}
