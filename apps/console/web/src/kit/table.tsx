/**
 * Tables of data: real `<table>`s, so that screen readers can walk them. Columns that have a value to sort by are sorted by
 * their headers; rows can be selected. On a phone the table scrolls sideways, and secondary columns are left out.
 */
import { type ReactNode, useState } from 'react';
import { Checkbox } from './field.tsx';
import { Icon } from './icons.tsx';
import { type Sorting, type SortValue, sortRows } from './sort-rows.ts';

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** What the rows are sorted by; without it the column can't be. */
  sortBy?: (row: Row) => SortValue;
  /** `end`: numbers. */
  align?: 'end';
  /** Left out on a phone. */
  isSecondary?: boolean;
  /** As wide as what is in it. */
  isNarrow?: boolean;
}

export interface Selection {
  ids: ReadonlySet<string>;
  onChange: (ids: ReadonlySet<string>) => void;
}

interface DataTableProps<Row> {
  /** What the table holds, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowId: (row: Row) => string;
  sorting?: Sorting;
  selection?: Selection | undefined;
  /** In the place of the table where it has no rows. */
  empty?: ReactNode;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowId, selection, empty } = props;
  const [sorting, setSorting] = useState<Sorting | null>(props.sorting ?? null);
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const sortBy = columns.find(({ id }) => id === sorting?.column)?.sortBy;
  const shown = sortBy && sorting ? sortRows(rows, sortBy, sorting.isDescending) : rows;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <div className="table-scroll" tabIndex={0}>
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {selection && <SelectAll ids={shown.map(rowId)} selection={selection} />}
            {columns.map((column) => (
              <HeaderCell column={column} key={column.id} onSort={setSorting} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <BodyRow columns={columns} id={rowId(row)} key={rowId(row)} row={row} selection={selection} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ align, isSecondary, isNarrow }: Column<Row>): string | undefined {
  const classes = [align === 'end' && 'cell-end', isSecondary && 'cell-secondary', isNarrow && 'cell-narrow'];
  return classes.filter(Boolean).join(' ') || undefined;
}

interface HeaderCellProps<Row> {
  column: Column<Row>;
  sorting: Sorting | null;
  onSort: (sorting: Sorting) => void;
}

function HeaderCell<Row>({ column, sorting, onSort }: HeaderCellProps<Row>) {
  const { id, header, sortBy, align } = column;
  const isSorted = sorting?.column === id;
  const direction = sorting?.isDescending ? 'descending' : 'ascending';
  // Numbers are looked at for their largest first.
  const next = { column: id, isDescending: isSorted ? !sorting.isDescending : align === 'end' };
  return (
    <th aria-sort={isSorted ? direction : undefined} className={classOf(column)} scope="col">
      {sortBy ? (
        <button className="sort" onClick={() => onSort(next)} type="button">
          {header}
          <span className={isSorted ? '' : 'sort-idle'}>
            <Icon name={isSorted && !sorting.isDescending ? 'up' : 'down'} size={13} />
          </span>
        </button>
      ) : (
        header
      )}
    </th>
  );
}

interface BodyRowProps<Row> {
  id: string;
  row: Row;
  columns: readonly Column<Row>[];
  selection: Selection | undefined;
}

function BodyRow<Row>({ id, row, columns, selection }: BodyRowProps<Row>) {
  const isSelected = selection?.ids.has(id) ?? false;
  return (
    <tr aria-selected={selection ? isSelected : undefined}>
      {selection && (
        <td className="cell-check">
          <Checkbox
            checked={isSelected}
            hideLabel
            label={`Select ${id}`}
            onChange={({ target }) => selection.onChange(withIds(selection.ids, [id], target.checked))}
          />
        </td>
      )}
      {columns.map((column) => (
        <td className={classOf(column)} key={column.id}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function SelectAll({ ids, selection }: { ids: readonly string[]; selection: Selection }) {
  const isAll = ids.length > 0 && ids.every((id) => selection.ids.has(id));
  return (
    <th className="cell-check" scope="col">
      <Checkbox
        checked={isAll}
        hideLabel
        label="Select all on this page"
        onChange={({ target }) => selection.onChange(withIds(selection.ids, ids, target.checked))}
      />
    </th>
  );
}

function withIds(all: ReadonlySet<string>, ids: readonly string[], isIn: boolean): ReadonlySet<string> {
  return isIn ? all.union(new Set(ids)) : all.difference(new Set(ids));
}
