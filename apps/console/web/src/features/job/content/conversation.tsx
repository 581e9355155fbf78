/** Messages one after the other, each with who speaks. */
import { JsonTree } from './json-tree.tsx';
import type { Message } from './messages.ts';

export function Conversation({ messages }: { messages: readonly Message[] }) {
  return (
    <ol className="conversation">
      {messages.map(({ role, text, rest }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other name, and never move
        <li className={`message message-${role}`} key={at}>
          <span className="message-role">{role}</span>
          {text !== null && <p className="text">{text}</p>}
          {rest !== null && <JsonTree value={rest} />}
        </li>
      ))}
    </ol>
  );
}
