/** What stands in the place of a page that isn't there, or that broke. */
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Link, useRouter } from '@tanstack/react-router';
import { EmptyState, ErrorState, Page } from '../kit/index.ts';

export function PageNotFound() {
  return (
    <main className="main">
      <Page title="There is no such page">
        <EmptyState icon="search" title="Check the address.">
          <Link to="/">Go to the overview</Link>
        </EmptyState>
      </Page>
    </main>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="This page does not work">
      <ErrorState error={error} retry={retry} />
    </Page>
  );
}
