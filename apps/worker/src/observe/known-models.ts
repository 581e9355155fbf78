import type { Lanes, Prices } from '@holdfast/core';

/**
 * Bounds the label `model`: clients may ask for any model that a pattern matches. Only names that the config file has in full are labels.
 * @returns the label of a model: its name, or `other`
 */
export function modelLabels(lanes: Lanes, prices: Prices): (model: string) => string {
  const ofLanes = Object.values(lanes).flatMap(({ models, providers }) => [
    ...models,
    ...providers.flatMap(({ model, models: own = {} }) => [...(model ? [model] : []), ...Object.entries(own).flat()]),
  ]);
  const known = new Set([...ofLanes, ...Object.keys(prices)].filter((name) => !name.includes('*')));
  return (model) => (known.has(model) ? model : 'other');
}
