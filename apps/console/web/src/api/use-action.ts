/** An operation that changes something. Afterwards, what it may have changed is read again. */
import type { OperationName, RequestOf, ResponseOf } from '@holdfast/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { admin } from './admin.ts';
import type { ApiError } from './problem.ts';

interface ActionOptions<Name extends OperationName> {
  /** Operations whose answers are read again. */
  changes: readonly OperationName[];
  onDone?: (answer: ResponseOf<Name>) => void;
}

export function useAction<Name extends OperationName>(name: Name, { changes, onDone }: ActionOptions<Name>) {
  const queryClient = useQueryClient();
  return useMutation<ResponseOf<Name>, ApiError, RequestOf<Name>>({
    mutationFn: (request) => admin.call(name, request),
    onSuccess: async (answer) => {
      await Promise.all(changes.map((changed) => queryClient.invalidateQueries({ queryKey: [changed] })));
      onDone?.(answer);
    },
  });
}
