/** Import cycles, as sets of files that all reach one another: however many ways round there are, a set is named once. */
import { importedFiles, type SourceFile } from './workspaces.ts';

/** @param withTypes whether `import type` counts as an import */
export function findImportCycles(files: SourceFile[], { withTypes }: { withTypes: boolean }): string[][] {
  return findCycles(new Map(files.map((file) => [file.path, importedFiles(file, { withTypes })])));
}

/**
 * Strongly connected components of more than one node, and nodes with an edge to themselves (Tarjan's algorithm).
 * @returns each sorted; larger ones first
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const mine = order.size;
    order.set(node, mine);
    open.push(node);
    const reached = (graph.get(node) ?? []).map((next) => {
      if (!order.has(next)) return visit(next);
      return open.includes(next) ? (order.get(next) ?? mine) : mine;
    });
    const low = Math.min(mine, ...reached);
    if (low < mine) return low;
    const component = open.splice(open.indexOf(node));
    if (component.length > 1 || graph.get(node)?.includes(node)) cycles.push(component.sort());
    return low;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return cycles.sort((a, b) => b.length - a.length);
}
