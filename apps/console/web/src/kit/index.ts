/** The parts that pages are made of. They look alike everywhere, work by keyboard, and speak to screen readers. */
export { Badge, HealthBadge, StatusBadge, type Tone } from './badge.tsx';
export { Button, CopyButton, IconButton } from './button.tsx';
export { Choice } from './choice.tsx';
export { Dialog, FormDialog } from './dialog.tsx';
export { KeyOnceDialog } from './dialogs/key-once.tsx';
export { Checkbox, SelectField, TextArea, TextField } from './field.tsx';
export { Icon, type IconName } from './icons.tsx';
export { LimitFields } from './limits/limit-fields.tsx';
export {
  type LimitErrors,
  type LimitField,
  limitAt,
  readLimits,
  textsOf,
} from './limits/limit-texts.ts';
export { Meter, UsedOf } from './meter/meter.tsx';
export { useNow } from './now.ts';
export { Facts, Page, Section, Tile, Tiles } from './page.tsx';
export { Plot } from './plot/plot.tsx';
export { RoleNote } from './role-note.tsx';
export { EmptyState, ErrorState, Loaded, Loading, Notice } from './states.tsx';
export { type Column, DataTable, type Selection } from './table.tsx';
export { WithCode } from './text/with-code.tsx';
export { showToast, Toasts } from './toast.tsx';
export { Bytes, Count, Duration, Elapsed, ExactTime, Money, None, Time } from './values.tsx';
