/** One source file as its syntax tells: what it imports, its functions, its comments, and the texts in it. */
import { type Comment, type Expression, type ModuleExportName, type Program, parseSync, Visitor } from 'oxc-parser';
import { type FoundFunction, findFunctions } from './find-functions.ts';

export interface Import {
  specifier: string;
  /** `import type`, `export type … from`, or a type written `import('…')`: gone when the program runs. */
  typeOnly: boolean;
  /** As the other file calls them; none for `import '…'`, `* as` and `import('…')`. */
  names: string[];
  /** `export … from`. */
  isExport: boolean;
}

export interface ParsedSource {
  imports: Import[];
  functions: FoundFunction[];
  /** What stands in string and template literals. */
  texts: string[];
  /** Members that are read, written or taken apart, as `process.env.HOME` or `this.cell.keys.open` (of `this.#cell` too). */
  members: string[];
  lines: number;
  blankLines: number;
  /** Lines with a comment and nothing else. */
  commentLines: number;
  /** The comment that the file opens with, without its marks; null when it opens with none. */
  headComment: string | null;
}

/** @throws Error when `text` isn't TypeScript or JavaScript, as the ending of `path` says */
export function parseSource(path: string, text: string): ParsedSource {
  const { program, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error) throw new Error(`${path}: ${error.message}`);
  const imports = importsOf(program);
  const functions = findFunctions(program, (offset) => text.slice(0, offset).split('\n').length);
  const [head] = comments;
  const headComment = head && text.slice(0, head.start).trim() === '' ? textOfComment(head) : null;
  return { imports, functions, ...wordsOf(program), ...countLines(text, comments), headComment };
}

const nameOf = (name: ModuleExportName): string => ('name' in name ? name.name : name.value);

function importsOf(program: Program): Import[] {
  const imports: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, names: string[], isExport: boolean) =>
    void imports.push({ specifier, typeOnly, names, isExport });
  new Visitor({
    ImportDeclaration: ({ source, specifiers, importKind }) => {
      const names = specifiers.flatMap((one) => (one.type === 'ImportSpecifier' ? [nameOf(one.imported)] : []));
      add(source.value, importKind === 'type', names, false);
    },
    ExportNamedDeclaration: ({ source, specifiers, exportKind }) => {
      if (source)
        add(
          source.value,
          exportKind === 'type',
          specifiers.map(({ local }) => nameOf(local)),
          true,
        );
    },
    ExportAllDeclaration: ({ source, exportKind }) => add(source.value, exportKind === 'type', [], true),
    ImportExpression: ({ source }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') add(source.value, false, [], false);
    },
    TSImportType: ({ source }) => add(source.value, true, [], false),
  }).visit(program);
  return imports;
}

/** `a.b.c`, whether `b` is private or not; null for what isn't names alone. */
function chainOf(node: Expression): string | null {
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression') return null;
  const object = chainOf(node.object);
  if (object === null) return null;
  if (node.computed) return node.property.type === 'Literal' ? `${object}.${node.property.value}` : `${object}.[…]`;
  return `${object}.${node.property.name}`;
}

function wordsOf(program: Program): Pick<ParsedSource, 'texts' | 'members'> {
  const texts: string[] = [];
  const members: string[] = [];
  new Visitor({
    Literal: ({ value }) => void (typeof value === 'string' && texts.push(value)),
    TemplateElement: ({ value }) => void texts.push(value.raw),
    MemberExpression: (node) => void members.push(chainOf(node) ?? ''),
    VariableDeclarator: ({ id, init }) => {
      const object = init && chainOf(init);
      if (!object || id.type !== 'ObjectPattern') return;
      for (const one of id.properties) {
        if (one.type === 'Property' && one.key.type === 'Identifier') members.push(`${object}.${one.key.name}`);
      }
    },
  }).visit(program);
  return { texts, members: members.filter((member) => member !== '') };
}

function countLines(text: string, comments: Comment[]): Pick<ParsedSource, 'lines' | 'blankLines' | 'commentLines'> {
  const blanked = (from: string) => from.replace(/[^\n]/g, ' ');
  const ends = comments.map(({ end }) => end);
  const code = comments.map(
    ({ start }, at) => text.slice(ends[at - 1] ?? 0, start) + blanked(text.slice(start, ends[at])),
  );
  const withoutComments = `${code.join('')}${text.slice(ends.at(-1) ?? 0)}`;
  const countBlank = (of: string) => of.split('\n').filter((line) => line.trim() === '').length;
  // What ends with a line break has no line after it.
  const afterEnd = text === '' || text.endsWith('\n') ? 1 : 0;
  const blankLines = countBlank(text) - afterEnd;
  const commentLines = countBlank(withoutComments) - afterEnd - blankLines;
  return { lines: text.split('\n').length - afterEnd, blankLines, commentLines };
}

function textOfComment({ type, value }: Comment): string {
  if (type === 'Line') return value.trim();
  return value
    .replace(/^\*/, '')
    .replace(/^ *\* ?/gm, '')
    .trim();
}
