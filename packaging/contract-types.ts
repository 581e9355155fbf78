/**
 * Core's types as the client publishes them. In the repository most are inferred from zod schemas, and their declarations
 * would ask every user of the client to have zod. Here the compiler spells them out: `Job` is an object with members.
 *
 *   1. a type that is written out in core is copied as it is, and what it names is added
 *   2. an inferred one is printed as the compiler resolves it
 *   3. where one holds another, that one's name stands for it
 *   4. what is said of its members in core is said here
 */
import { join } from 'node:path';
import {
  API,
  type Checker,
  type Emitter,
  NodeBuilderFlags,
  type Program,
  type Symbol as TypeSymbol,
} from 'typescript/unstable/sync';
import { memberDocs, withMemberDocs } from './contract-docs.ts';
import { root } from './published.ts';

/** Name of a type that `@holdfast/core` exports. */
export type ContractType = string;

const PROJECT = join(root, 'packages/client/tsconfig.json');
const CORE = join(root, 'packages/core/src/index.ts');
const HEADER =
  '/** The contracts of Holdfast that the client speaks of: what it sends and gets. Made from `@holdfast/core`. */\n';
/** What an inferred type is made of: the text of such a declaration means nothing without the schema. */
const INFERRED = /\bz\.|\btypeof\b/;
/** zod's name for any JSON. */
const ZOD_JSON = /import\('zod'\)\.JSONType/g;

class Contract {
  readonly #checker: Checker;
  readonly #program: Program;
  readonly #emitter: Emitter;
  readonly #exported: ReadonlyMap<ContractType, TypeSymbol>;
  readonly #texts = new Map<ContractType, string>();

  constructor({ checker, program, emitter }: { checker: Checker; program: Program; emitter: Emitter }) {
    this.#checker = checker;
    this.#program = program;
    this.#emitter = emitter;
    const core = this.#checker.getSymbolAtLocation(this.#sourceOf(CORE));
    if (core === undefined) throw new Error(`${CORE} is no module.`);
    this.#exported = new Map(this.#checker.getExportsOfModule(core).map((symbol) => [symbol.name, symbol]));
  }

  add(name: ContractType): void {
    if (this.#texts.has(name)) return;
    const symbol = this.#exported.get(name);
    if (symbol === undefined) throw new Error(`@holdfast/core exports no type ${name}.`);
    // Entered first: types may name one another in a circle.
    this.#texts.set(name, '');
    const written = this.#writtenText(symbol);
    const text = INFERRED.test(written) ? this.#spelledOut(symbol) : written;
    this.#texts.set(name, `${docOf(this.#checker.getDocumentationCommentOfSymbol(symbol))}export ${text}`);
    for (const named of text.matchAll(/\b[A-Z]\w+\b/g)) if (this.#exported.has(named[0])) this.add(named[0]);
  }

  toString(): string {
    const names = [...this.#texts.keys()].sort();
    return `${HEADER}${names.map((name) => withMemberDocs(this.#withNames(name), this.#docsOf(name))).join('\n')}`;
  }

  /** The text of a type, with other types in it by their names, the largest first. */
  #withNames(name: ContractType): string {
    const others = [...this.#texts]
      .filter(([other]) => other !== name)
      .sort(([, one], [, next]) => next.length - one.length);
    return others.reduce((text, [other, otherText]) => {
      const [, members] = / = (\{\n.*\n\});\n$/s.exec(otherText) ?? [];
      return members === undefined ? text : text.replace(indentedAnyhow(members), other);
    }, this.#texts.get(name) ?? '');
  }

  #docsOf(name: ContractType): ReadonlyMap<string, string> {
    const schemas = this.#exported.get('eventDataSchemas');
    if (name !== 'EventDataByType' || schemas === undefined) return memberDocs(name);
    const type = this.#checker.getTypeOfSymbol(schemas);
    const members = type === undefined ? [] : this.#checker.getPropertiesOfType(type);
    const docs = members.map((member) => [member.name, this.#checker.getDocumentationCommentOfSymbol(member)] as const);
    return new Map(docs.filter(([, doc]) => doc !== ''));
  }

  #sourceOf(file: string) {
    const source = this.#program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} is no part of ${PROJECT}.`);
    return source;
  }

  /** `type Name = …;` or `interface Name { … }`, as core has it. */
  #writtenText({ name, declarations }: TypeSymbol): string {
    const [declaration] = declarations;
    const node = declaration?.resolve();
    if (declaration === undefined || node === undefined) throw new Error(`${name} is declared nowhere.`);
    const text = this.#sourceOf(declaration.path).text.slice(node.pos, node.end);
    return `${text.slice(text.search(/^export /m)).replace(/^export /, '')}\n`;
  }

  #spelledOut(symbol: TypeSymbol): string {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    const { NoTruncation, InTypeAlias, MultilineObjectLiterals, UseSingleQuotesForStringLiteralType } =
      NodeBuilderFlags;
    const flags = NoTruncation | InTypeAlias | MultilineObjectLiterals | UseSingleQuotesForStringLiteralType;
    const node = this.#checker.typeToTypeNode(type, this.#sourceOf(CORE), flags);
    if (node === undefined) throw new Error(`${symbol.name} can't be spelled out.`);
    const text = this.#emitter
      .printNode(node)
      .replace(ZOD_JSON, 'JsonValue')
      .replace(/import\('\.[^']*'\)\./g, '');
    if (text.includes('import('))
      throw new Error(`${symbol.name} names a library: ${/import\([^)]*\)/.exec(text)?.[0]}.`);
    return `type ${symbol.name} = ${text};\n`;
  }
}

function indentedAnyhow(text: string): RegExp {
  const lines = text.split('\n').map((line) => line.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(lines.join('\\n\\s*'), 'g');
}

function docOf(comment: string): string {
  if (comment === '') return '';
  return `/**\n${comment
    .trim()
    .split('\n')
    .map((line) => ` * ${line}`.trimEnd())
    .join('\n')}\n */\n`;
}

/**
 * The text of a declaration file with these types, and all that they name.
 * @throws Error where one can't be told without a library
 */
export function writeContract(names: readonly ContractType[]): string {
  const api = new API({ cwd: root });
  try {
    const project = api.updateSnapshot({ openProjects: [PROJECT] }).getProject(PROJECT);
    if (project === undefined) throw new Error(`${PROJECT} can't be opened.`);
    const contract = new Contract(project);
    for (const name of names) contract.add(name);
    return contract.toString();
  } finally {
    api.close();
  }
}
