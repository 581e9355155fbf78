/** Makes a tenant, or changes what one may do: its plan, or limits of its own, or none. */
import type { ResponseOf, Tenant } from '@holdfast/admin';
import { limitsSchema, type TenantSettings } from '@holdfast/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminQuery, useAction } from '../../api/index.ts';
import {
  Choice,
  FormDialog,
  type LimitErrors,
  LimitFields,
  Notice,
  readLimits,
  SelectField,
  showToast,
  TextField,
  textsOf,
} from '../../kit/index.ts';
import { LimitFacts } from './limit-facts.tsx';
import { tenantLimits } from './tenant-limits.ts';

type Kind = 'plan' | 'limits' | 'none';

interface TenantDialogProps {
  /** null: a new one. */
  tenant: Tenant | null;
  /** Ids that a new tenant can't have. */
  taken: readonly string[];
  onDone?: (tenant: Tenant) => void;
  onClose: () => void;
}

const kindOf = (tenant: Tenant | null): Kind => {
  if (tenant === null || tenant.plan !== null) return 'plan';
  return tenant.limits === null ? 'none' : 'limits';
};

function useForm(tenant: Tenant | null, taken: readonly string[]) {
  const [id, setId] = useState(tenant?.id ?? '');
  const [kind, setKind] = useState<Kind>(kindOf(tenant));
  const [plan, setPlan] = useState(tenant?.plan ?? '');
  const [texts, setTexts] = useState(textsOf(tenantLimits, tenant?.limits ?? null));
  const [errors, setErrors] = useState<LimitErrors>({});
  const isTaken = tenant === null && taken.includes(id);
  /** null: something is wrong, and shown. */
  const settings = (chosenPlan: string): TenantSettings | null => {
    if (kind === 'plan') return { plan: chosenPlan };
    if (kind === 'none') return {};
    const read = readLimits(tenantLimits, texts, limitsSchema);
    setErrors('errors' in read ? read.errors : {});
    return 'errors' in read ? null : { limits: read.limits };
  };
  return { id, setId, kind, setKind, plan, setPlan, texts, setTexts, errors, isTaken, settings };
}

export function TenantDialog({ tenant, taken, onDone, onClose }: TenantDialogProps) {
  const form = useForm(tenant, taken);
  const plans = useQuery(adminQuery('plans', {}));
  const known = plans.data?.data ?? [];
  const plan = form.plan || (known[0]?.name ?? '');
  const change = useAction('setTenant', {
    changes: ['tenants', 'tenant', 'tenantUsage', 'plans'],
    onDone: (changed) => {
      showToast(
        tenant === null ? `Tenant ${changed.id} is made.` : `Tenant ${changed.id} is changed, within 3 s everywhere.`,
      );
      onClose();
      onDone?.(changed);
    },
  });
  const submit = () => {
    const body = form.settings(plan);
    if (body !== null) change.mutate({ params: { tenant: form.id }, body });
  };
  return (
    <FormDialog
      canSubmit={form.id !== '' && !form.isTaken && (form.kind !== 'plan' || plan !== '')}
      error={change.error}
      isBusy={change.isPending}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={tenant === null ? 'Make the tenant' : 'Save'}
      title={tenant === null ? 'New tenant' : `Plan and limits of ${tenant.id}`}
      wide
    >
      {tenant === null && <IdField form={form} />}
      <Choice
        label="What it may do"
        onChange={form.setKind}
        options={[
          ['plan', 'A plan'],
          ['limits', 'Its own limits'],
          ['none', 'No limits'],
        ]}
        value={form.kind}
      />
      {form.kind === 'plan' && <PlanFields known={known} onChange={form.setPlan} plan={plan} />}
      {form.kind === 'limits' && (
        <LimitFields errors={form.errors} fields={tenantLimits} onChange={form.setTexts} texts={form.texts} />
      )}
      {form.kind === 'none' && (
        <Notice tone="warn">Nothing bounds what this tenant submits and spends. Its weight is 1.</Notice>
      )}
    </FormDialog>
  );
}

function IdField({ form }: { form: ReturnType<typeof useForm> }) {
  return (
    <TextField
      error={form.isTaken ? 'There is a tenant of this id. Open it to change it.' : undefined}
      hint="1 to 63 lower-case letters, digits, - and _. It can’t be changed later."
      label="Id"
      maxLength={63}
      onChange={({ target }) => form.setId(target.value)}
      required
      value={form.id}
    />
  );
}

type Plans = ResponseOf<'plans'>['data'];

function PlanFields({ known, plan, onChange }: { known: Plans; plan: string; onChange: (plan: string) => void }) {
  const chosen = known.find(({ name }) => name === plan);
  const isMissing = chosen === undefined && plan !== '';
  if (known.length === 0 && !isMissing)
    return (
      <Notice>The config file has no plans. Add them there (`plans`), or give this tenant limits of its own.</Notice>
    );
  const options = known.map(({ name, tenants }) => [name, `${name} (${tenants} tenants)`] as const);
  return (
    <>
      <SelectField
        error={isMissing ? 'The config file lacks this plan. Choose another one.' : undefined}
        label="Plan"
        onChange={({ target }) => onChange(target.value)}
        options={isMissing ? [[plan, plan], ...options] : options}
        value={plan}
      />
      {chosen && <LimitFacts limits={chosen.limits} />}
    </>
  );
}
