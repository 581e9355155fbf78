/** The functions of a source file, how long each is, and what it is called. */
import {
  type ArrowFunctionExpression,
  type Expression,
  type Function as FunctionNode,
  type Program,
  type PropertyKey,
  Visitor,
  type VisitorObject,
} from 'oxc-parser';

export interface FoundFunction {
  /** As `connect` or `Journal.submit`; a callback that no function holds is `callback`. */
  name: string;
  /** Where it begins, from 1. */
  line: number;
  /** From its first line to its last, both counted. */
  lines: number;
}

type AnyFunction = FunctionNode | ArrowFunctionExpression;

function asFunction(node: Expression | FunctionNode | null): AnyFunction | null {
  return node?.type === 'FunctionExpression' || node?.type === 'ArrowFunctionExpression' ? node : null;
}

function nameOfKey(key: PropertyKey): string {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : '[…]';
}

/**
 * Those that have a name, and callbacks that no function holds. Other callbacks are lines of the function they are in.
 * @param lineAt the line, from 1, that an offset is in
 */
export function findFunctions(program: Program, lineAt: (offset: number) => number): FoundFunction[] {
  const functions: FoundFunction[] = [];
  const named = new Map<AnyFunction, string>();
  const classes: string[] = [];
  let depth = 0;
  const name = (node: AnyFunction | null, text: string) => void (node && named.set(node, text));
  const inClass = (key: PropertyKey) => `${classes.at(-1)}.${nameOfKey(key)}`;
  const enter = (node: AnyFunction) => {
    const known = node.id?.name ?? named.get(node) ?? (depth === 0 ? 'callback' : null);
    depth += 1;
    if (known === null) return;
    const line = lineAt(node.start);
    functions.push({ name: known, line, lines: lineAt(node.end) - line + 1 });
  };
  const leave = () => {
    depth -= 1;
  };
  const enterClass = ({ id }: { id: { name: string } | null }) => void classes.push(id?.name ?? 'class');
  const leaveClass = () => void classes.pop();
  const visits: VisitorObject = {
    ClassDeclaration: enterClass,
    'ClassDeclaration:exit': leaveClass,
    ClassExpression: enterClass,
    'ClassExpression:exit': leaveClass,
    VariableDeclarator: ({ id, init }) => name(asFunction(init), id.type === 'Identifier' ? id.name : 'callback'),
    MethodDefinition: ({ key, value }) => name(asFunction(value), inClass(key)),
    PropertyDefinition: ({ key, value }) => name(asFunction(value), inClass(key)),
    Property: ({ key, value }) => {
      if (value.type === 'FunctionExpression' || value.type === 'ArrowFunctionExpression') name(value, nameOfKey(key));
    },
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
  };
  new Visitor(visits).visit(program);
  return functions;
}
