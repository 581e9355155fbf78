/** The users of the console, through the admin API. */
import { RequestError } from '@holdfast/core';
import type { Handlers } from '../api/handler.ts';
import type { Users } from './users.ts';

export function userHandlers(users: Users): Handlers<'users' | 'createUser' | 'changeUser' | 'deleteUser'> {
  return {
    users: async () => ({ object: 'list', data: await users.list() }),
    createUser: ({ body }) => users.create(body.name, body.role),
    changeUser: async ({ params, body }) => {
      const user = await users.change(params.name, body.role);
      if (user === null) throw noSuchUser();
      return user;
    },
    deleteUser: async ({ params }) => {
      if (!(await users.remove(params.name))) throw noSuchUser();
    },
  };
}

function noSuchUser(): RequestError {
  return new RequestError('user_not_found', 'There is no such user. List them: GET /admin/v1/users.');
}
