import { describe, expect, it } from '@jest/globals';
import { readSettings, setting } from '../config/settings.ts';
import { readTracing } from './tracing-config.ts';

const read = (env: NodeJS.ProcessEnv) =>
  readTracing(
    readSettings(
      {
        OTEL_SDK_DISABLED: setting.flag,
        OTEL_EXPORTER_OTLP_ENDPOINT: setting.collectorUrl,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting.collectorUrl,
        OTEL_EXPORTER_OTLP_HEADERS: setting.text,
        OTEL_SERVICE_NAME: setting.text,
        OTEL_RESOURCE_ATTRIBUTES: setting.text,
        OTEL_TRACES_SAMPLER: setting.traceSampler,
        OTEL_TRACES_SAMPLER_ARG: setting.traceRatio,
      },
      env,
    ),
    'api',
  );

const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

describe('traces', () => {
  it('are exported only where a collector is set, and the export is not disabled', () => {
    expect(read({})).toBeNull();
    expect(read({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeNull();
    expect(read({ ...base, OTEL_SDK_DISABLED: 'true' })).toBeNull();
    expect(read(base)).toMatchObject({ url: 'http://collector:4318/v1/traces', sampler: 'parentbased_always_on' });
    const own = { ...base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces/in' };
    expect(read(own)?.url).toBe('https://traces/in');
  });

  it('have the name and the attributes that are set', () => {
    expect(read(base)?.resource).toMatchObject({ 'service.name': 'holdfast-api' });
    const attributes = { ...base, OTEL_RESOURCE_ATTRIBUTES: 'service.name=a, deployment.environment.name=x%2Cy' };
    expect(read(attributes)?.resource).toMatchObject({ 'service.name': 'a', 'deployment.environment.name': 'x,y' });
    expect(read({ ...attributes, OTEL_SERVICE_NAME: 'b' })?.resource).toMatchObject({ 'service.name': 'b' });
  });

  it('are sent with the headers that are set', () => {
    const given = { ...base, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc==,x-team=a' };
    expect(read(given)?.headers).toEqual({ authorization: 'Basic abc==', 'x-team': 'a' });
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_HEADERS', 'Basic-secret', /OTEL_EXPORTER_OTLP_HEADERS: expected name=value/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%secret', /OTEL_EXPORTER_OTLP_HEADERS: expected name=value/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'secret:4317', /OTEL_EXPORTER_OTLP_ENDPOINT: expected an http/],
    ['OTEL_TRACES_SAMPLER', 'some', /OTEL_TRACES_SAMPLER .*expected one of always_on/],
    ['OTEL_TRACES_SAMPLER_ARG', '2', /OTEL_TRACES_SAMPLER_ARG/],
    ['OTEL_SDK_DISABLED', 'yes', /OTEL_SDK_DISABLED .*expected true or false/],
  ])('are refused where %s is %s, without a secret in the message', (name, value, message) => {
    const reading = () => read({ ...base, [name]: value });
    expect(reading).toThrow(message);
    expect(reading).not.toThrow(/secret/);
  });
});
