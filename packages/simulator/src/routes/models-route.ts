/** `GET /v1/models` and `GET /v1/models/{id}`. Other model names work too, but aren't listed. */
import { type Exchange, sendJson } from '../http/exchange.ts';
import { modelOf } from './serve-call.ts';

const models = ['sim', 'sim-large', 'sim-embed'] as const;

/** 2026-01-01, in seconds. */
const CREATED = 1_767_225_600;

const describe = (id: string) => ({ id, object: 'model', created: CREATED, owned_by: 'holdfast' });

export function listModels(exchange: Exchange): void {
  sendJson(exchange, 200, { object: 'list', data: models.map(describe) });
}

/** @throws ApiError 404 */
export function retrieveModel(exchange: Exchange, id: string): void {
  sendJson(exchange, 200, describe(modelOf({ model: id })));
}
