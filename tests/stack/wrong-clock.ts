/** Settings of a process whose own clock is wrong by so many minutes. */
export function wrongClock(minutes: number): NodeJS.ProcessEnv {
  const script = `const R=Date,by=${minutes * 60_000};globalThis.Date=class extends R{
    constructor(...a){super(...(a.length?a:[R.now()+by]))} static now(){return R.now()+by}}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}
